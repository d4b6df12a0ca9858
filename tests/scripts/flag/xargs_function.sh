#!/bin/bash
process() { modal run app.py --path "$1"; }
export -f process
cat list.txt | xargs -n 1 -P 4 -I{} bash -c 'process "{}"'
# expect GS301: 2
