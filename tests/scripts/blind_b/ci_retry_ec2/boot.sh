#!/bin/bash
cd /opt/train
git pull
torchrun --nproc_per_node 8 train.py --resume auto
shutdown -h now
