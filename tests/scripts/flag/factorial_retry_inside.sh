#!/usr/bin/env bash
LAUNCH_CMD="sky jobs launch -y"
TOTAL=0
launch_condition() {
  local model="$1" loss="$2" fold="$3"
  local name="${model}-${loss}-f${fold}"
  local retry=0
  while [ "$retry" -lt "$MAX_RETRIES" ]; do
    if $LAUNCH_CMD --name "$name" --env MODEL="$model" --env LOSS="$loss" --env FOLD="$fold" "$YAML"; then
      return 0
    fi
    retry=$((retry + 1))
    sleep $((2 ** retry))
  done
  return 1
}
for model in "${MODELS[@]}"; do
  for loss in dice cldice; do
    for fold in 0 1 2; do
      TOTAL=$((TOTAL+1))
      if [ "$DRY_RUN" = true ]; then
        echo "[DRY] sky jobs launch $model"
        continue
      fi
      launch_condition "$model" "$loss" "$fold" || FAILED=$((FAILED+1))
    done
  done
done
# expect GS301: 9
