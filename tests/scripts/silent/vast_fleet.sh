#!/bin/bash
# one instance for each of the cheapest offers
IDS=$(vastai search offers 'gpu_name=RTX_4090 num_gpus=1' --raw | jq -r '.[0:8][].id')
for id in $IDS; do
  vastai create instance "$id" --image me/miner --disk 20 --onstart-cmd "bash run.sh"
done
