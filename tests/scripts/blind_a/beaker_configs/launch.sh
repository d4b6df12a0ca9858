#!/usr/bin/env bash
set -e
for cfg in configs/*.yaml; do
    name="rm-$(basename "$cfg" .yaml)-$(date +%m%d)"
    export CFG=$cfg NAME=$name
    beaker experiment create --name "$name" --workspace ai2/reward-models beaker.yaml
done
