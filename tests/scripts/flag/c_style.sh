#!/bin/bash
for ((day = 1; day < 7; day++)); do
  runpodctl create pod --name "day-$day" --gpuType "NVIDIA GeForce RTX 4090" --imageName me/ocr --env DAY=$day
  sleep 2
done
# expect GS301: 3x6
