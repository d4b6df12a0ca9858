#!/bin/bash
N=6
for ((rank = 0; rank < N; rank++)); do
  runpodctl create pod --name "worker-$rank" --gpuType "NVIDIA GeForce RTX 4090" --imageName me/worker --env RANK=$rank
  sleep 2
done
