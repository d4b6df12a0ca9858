#!/bin/bash
for s in a b c; do
  (
    cd "work/$s"
    timeout 3600 sky launch -y --down -c "w-$s" task.yaml || echo "$s failed" >> failed.txt
  ) &
done
wait
# expect GS301: 5x3
