#!/bin/bash
MAX=10
n=0
while [ $n -lt $MAX ]; do
  runpodctl create pod --name train --gpuType "NVIDIA H100 80GB HBM3" --imageName me/train
  rc=$?
  if [ $rc -eq 0 ]; then
    echo up
    break
  fi
  n=$((n+1))
  sleep 20
done
