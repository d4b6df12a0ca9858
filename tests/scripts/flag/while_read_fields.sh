#!/bin/bash
tail -n +2 jobs.csv | while IFS=, read -r name gpu config; do
  sky jobs launch -y --name "$name" --gpus "$gpu" "$config" < /dev/null
done
# expect GS301: 3
