import yaml
from beaker import Beaker, ExperimentSpec

beaker = Beaker.from_env()

with open("spec.yaml") as f:
    raw = yaml.safe_load(f)

for i, t in enumerate(raw["tasks"]):
    t["arguments"] += ["--seed", str(i)]
    t["resources"] = {"gpuCount": 8}

spec = ExperimentSpec.from_json(raw)
exp = beaker.experiment.create("rlhf-big", spec, workspace="ai2/rlhf")
for line in beaker.experiment.follow(exp):
    print(line.decode().rstrip())
