#!/bin/bash
python3 - "$1" <<'PY'
import sys, subprocess
for name in open(sys.argv[1]).read().split():
    subprocess.run(["gpu", "run", "python", "x.py", name])
PY
for v in $(ls matmul_v*.cu); do
  sed "s|x|$v|" b.cu > tmp.cu
  modal run "$SCRIPTS/run.py" --task tmp.cu 2>&1 | grep TF
done
# expect GS301: 5 9
