#!/usr/bin/env bash
set -euo pipefail
CLUSTER=asr
sky launch -y -c "$CLUSTER" --idle-minutes-to-autostop 10 cluster.yaml
for f in recordings/*.flac; do
  rsync -a "$f" "$CLUSTER:in/"
  sky exec -d "$CLUSTER" --gpus L4:1 -- "python asr.py in/$(basename "$f")"
done
sky queue "$CLUSTER"
