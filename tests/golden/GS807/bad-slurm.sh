#!/bin/bash
#SBATCH --gpus=a100:1 --time=8:00:00
vllm serve Qwen/Qwen3-8B --max-model-len 8192 --port 8000 &
vllm serve Qwen/Qwen3-Reranker-4B --max-model-len 8192 --port 8001 --gpu-memory-utilization 0.3 &
sleep 300
python evaluate.py
