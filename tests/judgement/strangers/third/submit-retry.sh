#!/bin/bash
# keep trying until there is capacity
for region in us-east-1 us-west-2 eu-west-1; do
  if sky launch -y -c train --infra aws/$region --gpus H100:8 train.yaml -i 10 --down; then
    break
  fi
done
