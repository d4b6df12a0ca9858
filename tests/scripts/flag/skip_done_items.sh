#!/bin/bash
while IFS=$'\t' read -r id url; do
  if [[ -f done/$id ]]; then continue; fi
  gpu run --detach python process.py --url "$url" || echo "$id" >> failed.txt
done < queue.tsv
# expect GS301: 4
