#!/bin/bash
DRY=${DRY:-0}
for s in 1 2 3; do
  if [ "$DRY" = 1 ]; then
    echo "would: sky launch -c run-$s"
  else
    sky launch -y -c "run-$s" a.yaml --env S=$s
  fi
done
# expect GS301: 7x3
