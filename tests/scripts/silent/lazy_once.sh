#!/bin/bash
for f in data/*; do
  if ! sky status work | grep -q UP; then
    sky launch -y -c work work.yaml
  fi
  sky exec work "python w.py $f"
done
