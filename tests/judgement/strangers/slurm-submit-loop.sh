#!/bin/bash
for i in $(seq 1 400); do
  sbatch --gres=gpu:1 --time=00:20:00 --wrap "whisper audio/part_$i.mp3 --model large-v3 --output_dir out"
done
