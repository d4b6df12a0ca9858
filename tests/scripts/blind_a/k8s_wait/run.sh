#!/usr/bin/env bash
set -euo pipefail
kubectl apply -f job.yaml
for i in $(seq 1 240); do
  phase=$(kubectl get job sft -o jsonpath='{.status.conditions[?(@.status=="True")].type}')
  case "$phase" in
    *Complete*) echo done; break ;;
    *Failed*) kubectl logs job/sft --tail=100; exit 1 ;;
  esac
  kubectl logs job/sft --tail=1 2>/dev/null || true
  sleep 60
done
for f in adapter_model.safetensors adapter_config.json tokenizer.json; do
  kubectl cp "copy-pod:/ckpt/$f" "./out/$f"
done
kubectl delete -f job.yaml
