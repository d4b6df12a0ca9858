#!/bin/bash
for fold in 0 1 2 3 4; do
  for attempt in 1 2 3; do
    sky jobs launch -y cv.yaml --env FOLD=$fold && break
    sleep 30
  done
done
# expect GS301: 4x5
