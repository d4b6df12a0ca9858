#!/bin/bash
launched=0
for seed in 1 2 3 4 5; do
  sky jobs launch -y t.yaml --env SEED=$seed
  launched=$((launched+1))
  if [ $launched -ge $MAX_JOBS ]; then break; fi
done
# expect GS301: 4x5
