#!/usr/bin/env bash
MODAL="${MODAL:-modal}"
for layer in 8 16 24; do
  $MODAL run --detach src/probe.py --layer "$layer"
done
# expect GS301: 4x3
