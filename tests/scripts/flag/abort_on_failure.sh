#!/bin/bash
for d in day1 day2 day3; do
  sky launch -y --down -c "ingest-$d" ingest.yaml --env DAY=$d || exit 1
done
# expect GS301: 3x3
