#!/bin/bash
for lr in 1e-4 3e-4 1e-3; do
  for seed in {0..4}; do
    sky jobs launch -y -d -n "lr${lr}-s${seed}" train.yaml --env LR=$lr --env SEED=$seed
  done
done
# expect GS301: 4x15
