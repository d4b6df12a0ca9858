#!/bin/bash
for attempt in $(seq 1 5); do
  echo "attempt $attempt"
  sky launch -y -c "train-$attempt" train.yaml
  if sky queue "train-$attempt" | grep -q RUNNING; then
    exit 0
  fi
  sky down -y "train-$attempt"
done
