#!/usr/bin/env bash
# three seeds, one machine each, twelve hours of training
for seed in 1 2 3; do
  sky jobs launch -y -n vit-$seed --env SEED=$seed train.yaml
done
