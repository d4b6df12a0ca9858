#!/bin/bash
sky serve up -y -n svc service.yaml
for i in {1..50}; do curl -s $(sky serve status --endpoint svc)/health && break; sleep 10; done
for p in prompts/*; do curl -s $EP/generate -d @$p; done
