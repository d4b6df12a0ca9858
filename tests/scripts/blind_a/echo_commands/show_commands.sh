#!/usr/bin/env bash
# Prints what you would run for the sweep in the paper. Copy the ones you need.
for size in 125m 350m 760m 1b3 2b7; do
  for seed in 1 2 3; do
    echo "sky jobs launch -y -n lm-$size-s$seed --env SIZE=$size --env SEED=$seed pretrain.yaml"
  done
done
cat <<'EOF'

And for the evals:
  for c in ckpts/*; do
    sky launch -y -c eval eval.yaml --env CKPT=$c
  done
EOF
