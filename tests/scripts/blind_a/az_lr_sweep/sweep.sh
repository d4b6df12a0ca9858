#!/usr/bin/env bash
set -euo pipefail
az account set -s "$AZ_SUB"
for lr in 1e-5 2e-5 5e-5 1e-4; do
  for bs in 16 32; do
    az ml job create -f job.yml \
      -g rg-ml -w ws-ml \
      --name "bert-${lr//./}-${bs}-$(date +%s)" \
      --set inputs.lr=$lr --set inputs.batch_size=$bs
  done
done
