import sky

requests = []
for seed in range(8):
    task = sky.Task.from_yaml("train.yaml")
    task.update_envs({"SEED": str(seed)})
    requests.append(sky.jobs.launch(task, name=f"seed-{seed}"))
# expect GS301: 7x8
