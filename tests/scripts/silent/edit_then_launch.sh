#!/bin/bash
for f in *.yaml; do
  yq -i '.resources.use_spot = true' "$f"
done
sky jobs launch -y combined.yaml
