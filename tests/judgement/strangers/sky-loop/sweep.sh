#!/bin/bash
# run all 200 eval prompts sets
for f in prompts/*.jsonl; do
  sky launch -y -c eval-$(basename $f .jsonl) --gpus A100-80GB:1 --env FILE=$f eval.yaml --down
done
