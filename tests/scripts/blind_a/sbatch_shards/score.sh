#!/bin/bash
# score 40M pairs on 8 cards
set -e
rm -rf parts && mkdir parts
split -n l/8 -d pairs.tsv parts/p
for i in 0 1 2 3 4 5 6 7; do
    sbatch -J score$i score.slurm parts/p0$i
done
