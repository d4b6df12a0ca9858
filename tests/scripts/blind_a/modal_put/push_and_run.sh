#!/usr/bin/env bash
set -e
modal volume create clips || true
for f in clips/*.mp4; do
  modal volume put clips "$f" "/in/$(basename "$f")" --force
done
modal run --detach label.py
