#!/usr/bin/env bash
# How much would each model cost to serve? (launches nothing)
for m in models/*.yaml; do
  printf '%s\t' "$(basename "$m" .yaml)"
  sky launch --dryrun -y "$m" 2>&1 | awk '/COST/ {getline; getline; print $(NF-1)}'
done
