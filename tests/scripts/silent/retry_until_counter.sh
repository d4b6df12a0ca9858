#!/bin/bash
n=0
until [ "$n" -ge 5 ]; do
  gpu run python train.py && break
  n=$((n+1))
  sleep 15
done
