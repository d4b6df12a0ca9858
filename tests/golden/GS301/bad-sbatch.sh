#!/bin/bash
for i in $(seq 1 200); do
  sbatch --gres=gpu:1 --wrap "python eval.py --shard $i"
done
