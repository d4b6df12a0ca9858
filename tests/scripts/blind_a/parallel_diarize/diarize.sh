#!/usr/bin/env bash
set -eo pipefail
gsutil ls gs://callcenter/wav/2024-*/ | grep '\.wav$' > todo.txt
comm -23 <(sort todo.txt) <(sort finished.txt) > left.txt
parallel -j 20 --joblog jobs.log --delay 5 \
  sky launch -y --down -c 'dia-{#}' --env WAV={} diarize.yaml :::: left.txt
