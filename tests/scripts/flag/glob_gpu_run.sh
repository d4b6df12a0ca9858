#!/usr/bin/env bash
set -euo pipefail
mkdir -p out
for wav in recordings/*.wav; do
  name=$(basename "$wav" .wav)
  echo "transcribing $name"
  gpu run python transcribe.py --input "$wav" --output "out/$name.json"
done
# expect GS301: 7
