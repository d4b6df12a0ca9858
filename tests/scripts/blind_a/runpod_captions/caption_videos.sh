#!/bin/bash

IMAGE="ghcr.io/vidlab/captioner:0.3.1"
GPU="NVIDIA GeForce RTX 4090"
BUCKET=vidlab-raw

n=0
while IFS= read -r vid || [ -n "$vid" ]; do
    [ -z "$vid" ] && continue
    name="cap-${vid//[^a-zA-Z0-9]/-}"
    runpodctl create pod \
        --name "$name" \
        --imageName "$IMAGE" \
        --gpuType "$GPU" \
        --gpuCount 1 \
        --containerDiskSize 40 \
        --secureCloud \
        --env "VIDEO=s3://$BUCKET/$vid" \
        --env "OUT=s3://$BUCKET/captions/$vid.json" \
        --args "python caption.py" || echo "$vid" >> failed.txt
    n=$((n+1))
    sleep 2
done < videos.txt
echo "started $n pods"
