#!/usr/bin/env bash
QUERIES=("scan" "join" "sort")
for i in "${!QUERIES[@]}"; do
  Q=${QUERIES[$i]}
  CLUSTER="bench-${i}"
  sky launch -c ${CLUSTER} -i 20 -y -d --env QUERY=${Q} bench.yml &
done
wait
# expect GS301: 6x3
