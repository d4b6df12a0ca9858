#!/bin/bash
#SBATCH --gres=gpu:a100:1
#SBATCH --array=0-15
python generate.py --shard $SLURM_ARRAY_TASK_ID --of 16 > results.json
