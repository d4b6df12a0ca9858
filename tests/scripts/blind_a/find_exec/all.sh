#!/bin/sh
find tomograms -name '*.mrc' -size +100M -exec ./denoise.sh {} \;
