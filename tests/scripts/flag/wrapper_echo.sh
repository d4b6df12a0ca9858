#!/usr/bin/env bash
run() {
  echo "+ $*"
  "$@"
}
for s in 1 2 3; do
  run sky launch -y -c "train-$s" train.yaml --env SEED=$s
done
# expect GS301: 7x3
