import itertools

import submitit

from train import TrainConfig, train

GRID = {
    "lr": [3e-4, 1e-3],
    "weight_decay": [0.0, 0.05, 0.1],
    "seed": [1, 2],
}

ex = submitit.SlurmExecutor(folder="/checkpoint/%u/sweeps".replace("%u", "mira"))
ex.update_parameters(
    job_name="vit-sweep",
    partition="a100",
    gpus_per_node=1,
    cpus_per_task=10,
    time=12 * 60,
)

keys = list(GRID)
for values in itertools.product(*GRID.values()):
    cfg = TrainConfig(**dict(zip(keys, values)))
    job = ex.submit(train, cfg)
    print(job.job_id, cfg)
