import subprocess
from itertools import product
JOBS = [dict(lr=l, bs=b) for l, b in product([1,2],[3,4])]
procs = [subprocess.Popen(["sky","jobs","launch","-y","-n",f"j{i}","t.yaml"]+[x for k,v in j.items() for x in ("--env",f"{k}={v}")]) for i,j in enumerate(JOBS)]
for p in procs: p.wait()
# expect GS301: 4x4
