#!/bin/bash
sbatch --gres=gpu:1 --array=0-199%8 eval.sbatch
for i in 1 2 3; do
  sbatch --partition=cpu prepare.sh "$i"
done
