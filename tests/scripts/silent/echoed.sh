#!/bin/bash
for s in 1 2 3; do
  echo "sky launch -c run-$s train.yaml --env SEED=$s"
  printf 'gpu run python a.py %s\n' "$s" >> commands.txt
done
