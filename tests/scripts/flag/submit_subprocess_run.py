from concurrent.futures import ProcessPoolExecutor
import subprocess
with ProcessPoolExecutor() as ex:
    for n in range(4):
        ex.submit(subprocess.run, ["modal", "run", "a.py", "--n", str(n)])
# expect GS301: 5x4
