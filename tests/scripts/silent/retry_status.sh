#!/bin/bash
SUCCESS=0
for i in {1..10}; do
  sky launch -y -c trainer train.yaml
  if [ $? -eq 0 ]; then SUCCESS=1; break; fi
done
