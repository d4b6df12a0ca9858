#!/usr/bin/env bash
launch_one() {
  local scene="$1"
  local name="scene-${scene}"
  if sky status "$name" | grep -q UP; then
    echo "$name is up already"
    return 0
  fi
  sky launch -y -c "$name" worker.yaml --env SCENE="$scene"
}

for scene in attic barn cellar den; do
  launch_one "$scene"
done
# expect GS301: 9x4
