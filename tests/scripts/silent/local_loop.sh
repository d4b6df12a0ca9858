#!/bin/bash
# inside the pod: runpod starts this script
for f in inputs/*; do
  python process.py "$f"
done
runpodctl stop pod $RUNPOD_POD_ID
