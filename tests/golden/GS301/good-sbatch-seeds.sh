for seed in 1 2 3; do sbatch --gres=gpu:1 train.sbatch $seed; done
