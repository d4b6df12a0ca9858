#!/bin/bash
PODS=$(runpodctl get pod | awk 'NR>1{print $1}')
for p in $PODS; do
  runpodctl start pod $p
  runpodctl exec --pod_id $p "bash run.sh"
done
