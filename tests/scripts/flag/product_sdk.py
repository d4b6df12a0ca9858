import sky
from itertools import product
for lr, bs in product(LRS, BATCHES):
    t = sky.Task.from_yaml("t.yaml").update_envs({"LR": lr, "BS": bs})
    sky.launch(t, cluster_name=f"lr{lr}-bs{bs}".replace(".", "-"), detach_run=True)
# expect GS301: 5
