round=0
while (( round < MAX_ROUNDS )); do
  round=$((round + 1))
  for region in "${REGIONS[@]}"; do
    if sky launch -y -c "$CLUSTER-$round" --infra "lambda/$region" "$YAML" "$@" 2>&1 | grep -E "up"; then
      :
    fi
    if sky status -v 2>/dev/null | grep -E "UP" >/dev/null; then
      exit 0
    fi
  done
  sleep 5
done
