#!/bin/bash -l
for seed in 13 42 1337
do
    sbatch --job-name=gpt2m-$seed pretrain.slurm $seed
done
