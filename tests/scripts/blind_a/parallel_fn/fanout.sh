#!/usr/bin/env bash
# fanout.sh [-p provider] manifest.tsv
set -euo pipefail
PROVIDER=vast
while getopts "p:h" o; do
  case $o in
    p) PROVIDER=$OPTARG ;;
    h) sed -n 2p "$0"; exit 0 ;;
    *) exit 2 ;;
  esac
done
shift $((OPTIND - 1))
export PROVIDER

run_one() {
  local id=$1 url=$2
  case $PROVIDER in
    vast)
      local offer
      offer=$(vastai search offers 'gpu_name=RTX_3090 num_gpus=1' --raw | jq '.[0].id')
      vastai create instance "$offer" --image acme/nerf:12 --disk 50 \
        --env "-e SCENE=$id -e URL=$url" --onstart-cmd 'python /app/fit.py'
      ;;
    runpod)
      runpodctl create pod --name "nerf-$id" --gpuType "NVIDIA GeForce RTX 3090" \
        --imageName acme/nerf:12 --env "SCENE=$id" --env "URL=$url" --args 'python /app/fit.py'
      ;;
    *) echo "unknown provider $PROVIDER" >&2; return 2 ;;
  esac
}
export -f run_one

parallel --colsep '\t' -j 4 run_one {1} {2} :::: "$1"
