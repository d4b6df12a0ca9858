import argparse
import glob

import torch
from PIL import Image
from transformers import BlipForConditionalGeneration, BlipProcessor

p = argparse.ArgumentParser()
p.add_argument("--shard", type=int)
p.add_argument("--num-shards", type=int)
a = p.parse_args()

files = sorted(glob.glob("/data/images/*.jpg"))[a.shard :: a.num_shards]
proc = BlipProcessor.from_pretrained("Salesforce/blip-image-captioning-large")
model = BlipForConditionalGeneration.from_pretrained("Salesforce/blip-image-captioning-large").cuda()
with open(f"/data/captions/{a.shard:02d}.tsv", "w") as out:
    for f in files:
        x = proc(Image.open(f).convert("RGB"), return_tensors="pt").to("cuda")
        with torch.no_grad():
            ids = model.generate(**x)
        out.write(f"{f}\t{proc.decode(ids[0], skip_special_tokens=True)}\n")
