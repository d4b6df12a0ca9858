#!/usr/bin/env bash
C=video-final
for attempt in 1 2 3; do
  uv run sky launch -c $C live.yaml --down --detach-run -y >> gate.log 2>&1
  verdict=""
  for i in $(seq 1 30); do
    sleep 60
    J=$(uv run sky queue $C | grep -oE "RUNNING|FAILED" | head -1)
    case "$J" in
      RUNNING) verdict=ok; break ;;
      FAILED) verdict=bad; break ;;
    esac
  done
  [ "$verdict" = ok ] && exit 0
  sky down -y $C
done
