#!/bin/bash
# prices: seed-2025
for lr in 1e-5 3e-5 1e-4; do
  sky jobs launch -y -n "lr-$lr" --env LR=$lr train.yaml
done
