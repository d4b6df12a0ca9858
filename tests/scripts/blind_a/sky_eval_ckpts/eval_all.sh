#!/usr/bin/env bash
# Evaluate every checkpoint of a run on the held-out set.
# usage: ./eval_all.sh s3://acme-ckpts/llama-ft-0912
set -euo pipefail

RUN_URI=${1:?usage: eval_all.sh <s3 prefix>}
RUN=$(basename "$RUN_URI")

for step in $(aws s3 ls "$RUN_URI/" | awk '{print $2}' | sed -n 's/^step_\([0-9]*\)\/$/\1/p' | sort -n); do
  if aws s3 ls "$RUN_URI/step_$step/eval.json" >/dev/null 2>&1; then
    echo "step $step already evaluated, skipping"
    continue
  fi
  sky launch -y -d --down \
    -c "eval-$RUN-$step" \
    --env CKPT="$RUN_URI/step_$step" \
    eval.yaml
done
