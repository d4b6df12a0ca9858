#!/bin/bash
mapfile -t FILES < <(ls data/)
for ((i=0; i<${#FILES[@]}; i++)); do
  sky jobs launch -y process.yaml --env FILE="${FILES[$i]}"
done
# expect GS301: 4
