#!/bin/bash
while read -r prompt; do
  curl -s -X POST https://rest.runpod.io/v1/pods -H "Authorization: Bearer $K" -d "{\"env\": {\"PROMPT\": \"$prompt\"}}"
done < prompts.txt
# expect GS301: 3
