#!/usr/bin/env bash
REGION=us-central1
IMG=us-central1-docker.pkg.dev/kaggle-rsna/train/train:$(git describe --always)
for FOLD in {0..4}; do
  gcloud ai custom-jobs create \
    --region=$REGION \
    --display-name="rsna-f$FOLD" \
    --worker-pool-spec=machine-type=a2-highgpu-1g,accelerator-type=NVIDIA_TESLA_A100,accelerator-count=1,container-image-uri=$IMG \
    --args=--fold=$FOLD,--epochs=30,--backbone=convnext_large
done
