#!/bin/bash
# full grid for table 3

DATASETS="cifar10 cifar100 svhn tinyimagenet"
LRS="0.1 0.03 0.01 0.003"
WDS="0 1e-4 5e-4"
SEEDS="0 1 2 3 4"

mkdir -p logs
for ds in $DATASETS; do
  for lr in $LRS; do
    for wd in $WDS; do
      for seed in $SEEDS; do
        name=${ds}_lr${lr}_wd${wd}_s${seed}
        [ -f results/$name.json ] && continue
        sbatch -J $name -o logs/$name.out --export=ALL,DS=$ds,LR=$lr,WD=$wd,SEED=$seed train.sbatch
      done
    done
  done
done
