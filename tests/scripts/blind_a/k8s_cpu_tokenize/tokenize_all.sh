#!/bin/bash
set -e
for shard in $(gsutil ls gs://pretrain/raw/*.jsonl.zst | xargs -n1 basename); do
  export SHARD=$shard JOB=tok-$(echo "${shard%%.*}" | tr _ -)
  envsubst < tokenize.yaml | kubectl apply -f -
done
