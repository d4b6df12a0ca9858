#!/bin/bash
#SBATCH --gres=gpu:a100:1
#SBATCH --array=0-15
#SBATCH --output=logs/%a.txt
python generate.py --shard $SLURM_ARRAY_TASK_ID > results-$SLURM_ARRAY_TASK_ID.json
