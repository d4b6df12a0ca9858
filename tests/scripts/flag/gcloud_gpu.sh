#!/bin/bash
ZONE=us-central1-a
for name in alpha beta gamma; do
  gcloud compute instances create "train-$name" \
    --zone=$ZONE --machine-type=n1-standard-8 \
    --accelerator=type=nvidia-tesla-t4,count=1 \
    --metadata=dataset=$name
done
# expect GS301: 4x3
