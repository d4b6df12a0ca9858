#!/usr/bin/env bash
set -euo pipefail
source .venv/bin/activate
for song in $(cat songs.txt); do
  python launch.py --song "$song" --gpu "NVIDIA RTX A5000"
done
