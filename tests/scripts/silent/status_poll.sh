#!/bin/bash
sky launch -y -d -c train train.yaml
while true; do
  s=$(sky queue train | grep -oE 'RUNNING|SUCCEEDED|FAILED' | head -1)
  [ "$s" = SUCCEEDED ] && break
  sleep 30
done
for i in $(seq 1 60); do sky logs train --status && break; sleep 10; done
