import sky

task = sky.Task.from_yaml("train.yaml")
sky.launch(task, cluster_name="train", down=False)
