#!/bin/bash
CLUSTER=dev
for exp in a b c; do
  sky launch -y -c $CLUSTER exp.yaml --env EXP=$exp
done
