#!/bin/bash
for f in data/*; do test -s "$f" || echo "empty: $f"; done
gpuspec run whisper.job.jsonc --yes
