#!/bin/bash
find data -name '*.tif' -print0 | xargs -0 -n 1 -P 8 bash -c 'gpu run python segment.py "$0"'
# expect GS301: 2
