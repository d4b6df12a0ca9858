#!/usr/bin/env bash
set -e
while read -r user; do
  gpu run --gpu-type "RTX 4090" -- python adapt.py --user "$user"
done < users.txt
