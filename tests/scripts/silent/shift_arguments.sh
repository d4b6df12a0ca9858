#!/bin/bash
ARGS=""
while [[ $# -gt 0 ]]; do
  ARGS="$ARGS $1"; shift
done
gpu run python train.py $ARGS
