import os
import subprocess


def asr(paths, res):
    for t in range(3):
        subprocess.run(["modal", "run", "asr.py", "--files", ",".join(paths), "--out", res])
        if os.path.exists(res):
            return open(res).read()
    raise SystemExit("no answer")
