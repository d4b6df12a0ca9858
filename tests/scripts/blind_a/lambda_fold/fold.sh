#!/usr/bin/env bash
# usage: fold.sh seqs/
set -euo pipefail
: "${LAMBDA_API_KEY:?}"
API=https://cloud.lambdalabs.com/api/v1

for fa in "$1"/*.fasta; do
  id=$(basename "$fa" .fasta)
  resp=$(curl -sS -u "$LAMBDA_API_KEY:" "$API/instance-operations/launch" \
    -H 'Content-Type: application/json' \
    -d '{"region_name":"us-west-1","instance_type_name":"gpu_1x_a10","ssh_key_names":["fold"],"quantity":1,"name":"fold-'"$id"'"}')
  iid=$(jq -r '.data.instance_ids[0]' <<<"$resp")
  # wait for ip
  while :; do
    ip=$(curl -sS -u "$LAMBDA_API_KEY:" "$API/instances/$iid" | jq -r '.data.ip // empty')
    [[ -n $ip ]] && break
    sleep 15
  done
  scp -o StrictHostKeyChecking=no "$fa" "ubuntu@$ip:in.fasta"
  ssh "ubuntu@$ip" 'docker run --gpus all -v $PWD:/w ghcr.io/sokrypton/colabfold:1.5.5-cuda12.2.2 colabfold_batch /w/in.fasta /w/out'
  scp -r "ubuntu@$ip:out" "results/$id"
  curl -sS -u "$LAMBDA_API_KEY:" "$API/instance-operations/terminate" -d "{\"instance_ids\":[\"$iid\"]}"
done
