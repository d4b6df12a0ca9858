import sky

cluster = None
for job in jobs:
    if cluster is None:
        cluster = sky.launch(sky.Task.from_yaml("w.yaml"))
    sky.exec(job, cluster_name="w")
