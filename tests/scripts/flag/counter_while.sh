#!/bin/bash
i=0
while [ $i -lt 10 ]; do
  sky jobs launch -y sample.yaml --env CHUNK=$i
  i=$((i+1))
done
# expect GS301: 4
