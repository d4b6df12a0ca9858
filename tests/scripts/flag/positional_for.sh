#!/bin/sh
for f; do
  gpu run ./convert "$f"
done
# expect GS301: 3
