#!/bin/sh
# generate images for each prompt file
ls prompts/*.txt | xargs -P 8 -I{} ./launch_one.sh {}
