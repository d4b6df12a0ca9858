#!/bin/bash
#SBATCH --gpus=a100:1 --time=8:00:00
vllm serve Qwen/Qwen2.5-7B-Instruct --max-model-len 8192 --port 8000 &
echo "server started on $(hostname)"
