#!/usr/bin/env bash
for spec in $(find jobs -name '*.jsonc'); do gpuspec run "$spec" --yes --detach; done
# expect GS301: 2
