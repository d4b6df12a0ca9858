#!/bin/bash
sky launch -y -c work setup.yaml
for f in data/*.csv; do
  sky exec work "python work.py $f"
done
sky down -y work
