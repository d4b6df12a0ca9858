#!/bin/bash
for zone in us-central1-a us-central1-b us-west1-b; do
  if gcloud compute instances create gpu-box --zone="$zone" --accelerator=type=nvidia-l4,count=1 --machine-type=g2-standard-8; then
    echo "got one in $zone"
    break
  fi
done
