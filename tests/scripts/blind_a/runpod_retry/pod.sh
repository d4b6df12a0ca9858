#!/usr/bin/env bash
for attempt in 1 2 3 4 5 6 7 8 9 10; do
    if runpodctl create pod --name finetune --gpuType "NVIDIA H100 80GB HBM3" --gpuCount 2 \
         --imageName runpod/axolotl:main-latest --volumeSize 200 --volumePath /workspace \
         --ports 22/tcp --args "bash -c 'accelerate launch -m axolotl.cli.train /workspace/cfg.yml'"; then
        echo "created on attempt $attempt"
        break
    fi
    echo "no H100s free, sleeping"
    sleep $((60 * attempt))
done
