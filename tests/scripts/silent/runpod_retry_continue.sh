#!/bin/bash
for i in $(seq 1 10); do
  out=$(runpodctl create pod --imageName x --gpuType "$GPU" 2>&1) || { sleep 60; continue; }
  echo "$out"
  break
done
