#!/bin/bash
declare -A CFG=( [small]=1 [big]=8 )
for k in "${!CFG[@]}"; do
  sky jobs launch -y -n "$k" --env LAYERS=${CFG[$k]} t.yaml
done
# expect GS301: 4x2
