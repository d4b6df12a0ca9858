import os

import sky


def make_task(dataset: str) -> sky.Task:
    task = sky.Task.from_yaml(os.path.join(os.path.dirname(__file__), "sft.yaml"))
    task.update_envs({"DATASET": dataset})
    return task


# old way, before we merged all datasets into one mixture
def _launch_each(datasets):
    for d in datasets:
        sky.launch(make_task(d), cluster_name=f"sft-{d}", detach_run=True)


def launch_mixture(datasets):
    task = make_task(",".join(datasets))
    return sky.launch(task, cluster_name="sft-mix", idle_minutes_to_autostop=10)


if __name__ == "__main__":
    launch_mixture(["alpaca", "dolly", "oasst", "sharegpt", "slimorca"])
