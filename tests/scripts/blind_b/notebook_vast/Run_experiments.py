#!/usr/bin/env python
# coding: utf-8

# # Segment every slide
#
# Rent a 4090 for each slide, the onstart script uploads the mask and stops the box.

# In[1]:


import json
import pandas as pd


# In[2]:


get_ipython().system('pip install -q vastai')
get_ipython().system('vastai set api-key $VAST_KEY')


# In[3]:


slides = pd.read_csv('slides.csv')
slides.head()


# In[4]:


def best_offer():
    raw = get_ipython().getoutput('vastai search offers "gpu_name=RTX_4090 rentable=true" -o dph --raw')
    return json.loads("".join(raw))[0]['id']


# In[5]:


for i, row in slides.iterrows():
    offer = best_offer()
    get_ipython().system('vastai create instance {offer} --image acme/hovernet:latest --disk 50 --env "-e SLIDE={row.slide_id}" --onstart onstart.sh')


# In[6]:


get_ipython().system('vastai show instances')
