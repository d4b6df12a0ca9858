#!/bin/bash
# old way, took all day in the queue:
# for f in slides/*.svs; do
#     sbatch --gres=gpu:1 extract.sbatch $f
# done

ls slides/*.svs > slides.txt
N=$(wc -l < slides.txt)
sbatch --array=1-$N%16 extract.sbatch slides.txt
