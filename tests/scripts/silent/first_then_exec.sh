#!/bin/bash
i=0
for f in a b c; do
  if [ $i -eq 0 ]; then
    sky launch -y -c "box" box.yaml --env F=$f
  else
    sky exec box box.yaml --env F=$f
  fi
  i=$((i+1))
done
