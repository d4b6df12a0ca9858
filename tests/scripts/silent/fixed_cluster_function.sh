#!/bin/bash
NAME="${1:-bench}"
submit() {
  sky launch -y --cluster "$NAME" bench.yaml --env CASE="$1"
}
for c in one two three; do submit "$c"; done
