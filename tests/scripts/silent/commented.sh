#!/bin/bash
for q in a b c; do
  # sky launch -y -c "q-$q" bench.yaml --env Q=$q
  sky exec "q-$q" bench.yaml
done
