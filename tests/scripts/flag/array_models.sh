#!/usr/bin/env bash
MODELS=(
  "meta-llama/Llama-3.1-8B"
  "Qwen/Qwen2.5-7B"   # a comment inside
  "mistralai/Mistral-7B-v0.3"
)
for model in "${MODELS[@]}"; do
  slug=$(echo "$model" | tr '/' '-' | tr '[:upper:]' '[:lower:]')
  sky launch -y -d --down -c "eval-${slug}" eval.yaml \
    --env MODEL="$model" \
    --env WANDB_API_KEY &
done
wait
# expect GS301: 9x3
