#!/bin/bash
for i in 1 2 3 4 5; do
  sky launch -y --down train.yaml && break
  sleep $((i * 30))
done
