import subprocess
procs = {}
pending = list(CONFIGS)
while pending:
    cfg = pending.pop()
    procs[cfg] = subprocess.Popen(f"uv run sky launch -y -c {cfg} {cfg}.yaml", shell=True)
# expect GS301: 6
