#!/bin/bash
while true; do
  if ! runpodctl get pod | grep -q train; then
    runpodctl create pod --name train --imageName me/train --gpuType "NVIDIA A40"
  fi
  sleep 300
done
