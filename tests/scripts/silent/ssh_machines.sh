#!/bin/bash
for host in gpu1 gpu2 gpu3; do
  scp job.py "$host:"
  ssh "$host" "nohup python job.py > log 2>&1 &"
done
