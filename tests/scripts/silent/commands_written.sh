#!/bin/bash
for m in "${MODELS[@]}"; do
  echo "python eval.py --model $m" >> run_all.sh
done
sky launch -y -c eval eval.yaml
