#!/bin/bash
set -e
for cfg in configs/*.yaml; do
  name=$(basename $cfg .yaml)
  echo "Launching $name"
  RESP=$(runpodctl create pod --name $name --gpuType "NVIDIA A40" --imageName me/x --env CFG=$cfg)
  if [ $? -ne 0 ]; then echo "failed $name"; exit 1; fi
done
# expect GS301: 6
