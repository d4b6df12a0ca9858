#!/bin/bash
while [[ $# -gt 0 ]]; do
  case "$1" in
    --gpus) GPUS="$2"; shift 2 ;;
    *) shift ;;
  esac
done
sky launch -y -c train --gpus "${GPUS:-A100:1}" train.yaml
