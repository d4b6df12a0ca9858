#!/bin/bash
# one process per GPU on this box
NGPU=$(nvidia-smi -L | wc -l)
for g in $(seq 0 $((NGPU-1))); do
  CUDA_VISIBLE_DEVICES=$g python generate.py --shard $g --num-shards $NGPU --in prompts.jsonl --out out.$g.jsonl &> log.$g &
done
wait
cat out.*.jsonl > out.jsonl
