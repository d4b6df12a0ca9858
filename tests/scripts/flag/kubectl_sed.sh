#!/bin/bash
for i in $(seq 1 20); do
  sed "s/\$ITEM/$i/g" gpu-job.yaml.tmpl | kubectl apply -f -
done
# expect GS301: 3x20
