#!/bin/bash
BASE=(sky jobs launch -y)
BASE+=(--detach-run)
for a in $@; do
  "${BASE[@]}" "$a"
done
# expect GS301: 5
