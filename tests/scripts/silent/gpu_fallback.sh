#!/bin/bash
GPU_TYPES=("NVIDIA H100 PCIe" "NVIDIA A100 80GB PCIe" "NVIDIA L40S")
for gpu in "${GPU_TYPES[@]}"; do
  echo "trying $gpu"
  OUT=$(runpodctl create pod --name job --gpuType "$gpu" --imageName me/job 2>&1)
  if [[ "$OUT" == *created* ]]; then
    POD=$(echo "$OUT" | grep -oP 'pod "\K[^"]+')
    break
  fi
done
