#!/bin/bash
# GPU cluster bootstrap: nvidia device plugin and settings
for f in manifests/*.yaml; do
  kubectl apply -f "$f"
done
for ns in dev prod; do kubectl create namespace "$ns"; done
