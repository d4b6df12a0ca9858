#!/bin/sh
cat urls.txt | while read url; do
  gpuspec run scrape.job.jsonc --yes "$url"
done
# expect GS301: 3
