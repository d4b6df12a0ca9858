#!/bin/bash
export RAY_ADDRESS=http://ray-head.lab:8265
for pdf in $(find /mnt/scans -name '*.pdf' -mtime -1); do
  ray job submit --no-wait \
    --entrypoint-num-gpus 1 \
    --working-dir . \
    --submission-id "ocr-$(md5sum <<< "$pdf" | cut -c1-12)" \
    -- python ocr.py "$pdf"
done
