#!/usr/bin/env bash
# Starts the crawler-embedding workers. Each takes files from the queue until it is empty.
set -euo pipefail
N_WORKERS=${1:-4}
for i in $(seq 0 $((N_WORKERS - 1))); do
  sky launch -y -d -c "embed-w$i" worker.yaml --env WORKER_ID="$i" --env NUM_WORKERS="$N_WORKERS" &
done
wait
sky status
