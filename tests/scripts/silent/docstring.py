"""Usage:

    for f in *.wav; do gpu run python transcribe.py $f; done
"""
import sys

HELP = "for x in a b; do sky launch $x; done"
for line in sys.stdin:
    print(line, HELP)
