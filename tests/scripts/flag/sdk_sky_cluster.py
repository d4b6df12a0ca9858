import sky


def main(files):
    for i, file in enumerate(files):
        task = sky.Task(run=f"python work.py {file}")
        task.set_resources(sky.Resources(accelerators="L4:1"))
        sky.launch(task, cluster_name=f"work-{i}", down=True)
# expect GS301: 8
