#!/bin/bash
try_launch() {
  local gpu=$1
  sky launch -y -c train --gpus "$gpu" train.yaml
}
for g in H100:1 A100-80GB:1 A100:1 L40S:1; do
  try_launch "$g" && exit 0
done
exit 1
