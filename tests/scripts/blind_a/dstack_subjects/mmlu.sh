#!/usr/bin/env bash
set -euo pipefail

MODEL=${MODEL:-meta-llama/Llama-3.1-8B-Instruct}

cat subjects.txt | while read subject; do
  dstack apply -f eval.dstack.yml -n "mmlu-${subject//_/-}" -e MODEL="$MODEL" -e SUBJECT="$subject" -y -d
done
