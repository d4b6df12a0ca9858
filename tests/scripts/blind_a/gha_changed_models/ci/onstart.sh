#!/bin/bash
apt-get update && apt-get install -y git
git clone https://github.com/acme/kernels /k && cd /k && git checkout "$SHA"
nvcc -O3 -arch=sm_90 "$KERNEL" -o bench && ./bench > result.json
curl -T result.json "$RESULTS_URL/$CONTAINER_ID.json"
vastai destroy instance "$CONTAINER_ID"
