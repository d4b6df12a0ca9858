#!/bin/bash
cat experiments.json | jq -c '.[]' | while read exp; do
  name=$(echo $exp | jq -r .name)
  sky launch -y -d --down -c $name train.yaml --env CONFIG="$exp"
done
# expect GS301: 4
