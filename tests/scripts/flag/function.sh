#!/usr/bin/env bash
launch_one() {
  local shard="$1"
  local name="shard-${shard}"
  if sky status "$name" | grep -q UP; then
    echo "$name is up already"
    return 0
  fi
  sky launch -y -c "$name" worker.yaml --env SHARD="$shard"
}

for shard in $(seq 0 7); do
  launch_one "$shard"
done
# expect GS301: 9x8
