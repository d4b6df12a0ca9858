import shlex
import subprocess

for n in (1, 2, 4):
    cmd = f"uv run sky jobs launch -y --env N={n} scale.yaml"
    subprocess.Popen(shlex.split(cmd))
# expect GS301: 6x3
