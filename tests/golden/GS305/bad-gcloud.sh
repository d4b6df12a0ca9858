#!/bin/bash
gcloud compute instances create trainer --zone us-central1-a --machine-type a2-highgpu-1g \
  --metadata-from-file startup-script=train.txt
echo "remember to delete it: gcloud compute instances delete trainer"
