#!/bin/bash
for host in $(cat hosts); do
  ssh $host "cd app && nohup sky launch --help >/dev/null; python train.py" &
done
