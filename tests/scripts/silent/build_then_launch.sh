#!/bin/bash
ARGS=()
for f in data/*.wav; do
  ARGS+=("--file" "$f")
done
sky launch -y -c whisper whisper.yaml --env FILES="${ARGS[*]}"
