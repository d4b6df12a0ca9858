import sky

NUM_WORKERS = 8

task = sky.Task.from_yaml("worker.yaml")

for rank in range(NUM_WORKERS):
    t = sky.Task.from_yaml("worker.yaml")
    t.update_envs({"RANK": str(rank), "WORLD_SIZE": str(NUM_WORKERS)})
    sky.launch(t, cluster_name=f"caption-w{rank}", down=True)
