#!/bin/bash
say() { echo "$(date) $*"; }
for c in a b c; do
  say "DRY: sky launch -c $c round.yaml"
done
