import subprocess
import yaml
from pathlib import Path

CONFIGS = [{"lr": 1}, {"lr": 2}]
for i, config in enumerate(CONFIGS):
    spec = yaml.safe_load(Path("base.yaml").read_text())
    spec["envs"].update(config)
    path = Path(f"/tmp/job-{i}.yaml")
    path.write_text(yaml.dump(spec))
    try:
        subprocess.check_call(["sky", "launch", "-d", "-y", str(path)])
    except subprocess.CalledProcessError:
        print("failed", config)
        break
# expect GS301: 12x2
