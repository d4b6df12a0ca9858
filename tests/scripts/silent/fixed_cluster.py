import sky

CLUSTER = "eval"
for model in ["a", "b"]:
    task = sky.Task(run=f"python eval.py {model}")
    sky.launch(task, cluster_name=CLUSTER)
