#!/usr/bin/env bash
LAUNCH="sky jobs launch -y --detach-run"
for cfg in configs/*.yaml; do
  $LAUNCH "$cfg"
done
# expect GS301: 4
