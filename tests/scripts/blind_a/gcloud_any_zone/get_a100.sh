#!/bin/bash
# try every zone with A100s until one has capacity
ZONES="us-central1-a us-central1-b us-central1-c us-central1-f us-east1-b us-west1-b europe-west4-a europe-west4-b asia-northeast1-a asia-southeast1-c"
for z in $ZONES; do
    echo "trying $z"
    if gcloud compute instances create llm-dev --zone=$z \
        --machine-type=a2-highgpu-1g --maintenance-policy=TERMINATE \
        --image-family=pytorch-latest-gpu --image-project=deeplearning-platform-release \
        --boot-disk-size=300GB --metadata=install-nvidia-driver=True 2>err.txt; then
        echo "got it in $z"
        echo $z > .zone
        exit 0
    fi
    grep -q -e ZONE_RESOURCE_POOL_EXHAUSTED -e stockout err.txt || { cat err.txt; exit 1; }
done
echo "no capacity anywhere" >&2
exit 1
