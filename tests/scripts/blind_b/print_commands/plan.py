"""Print the sky commands for the whole grid; pipe to sh (or paste a few) when you are happy.

    python plan.py | head -3 | sh
"""
import shlex

import yaml

with open("models.yaml") as f:
    models = yaml.safe_load(f)

total = 0.0
for m in models:
    cmd = ["sky", "launch", "-y", "-d", "-c", f"bench-{m['slug']}", "--gpus", m["gpu"], "bench.yaml", "--env", f"MODEL={m['hf']}"]
    print(shlex.join(cmd))
    total += m["price"] * m["hours"]
print(f"# estimated cost: ${total:.2f}")
