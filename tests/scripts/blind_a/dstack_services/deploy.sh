#!/usr/bin/env bash
# deploy our three endpoints
set -e
for svc in llm embed rerank; do
  dstack apply -y -d -f services/$svc.dstack.yml
done
dstack ps
