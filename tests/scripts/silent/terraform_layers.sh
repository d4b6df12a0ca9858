#!/bin/bash
# wait for GPU nodes
for dir in network cluster monitoring; do
  (cd $dir && terraform apply -auto-approve)
done
