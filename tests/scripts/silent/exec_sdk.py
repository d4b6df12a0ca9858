import sky

sky.launch(sky.Task.from_yaml("setup.yaml"), cluster_name="w")
for f in files:
    sky.exec(sky.Task(run=f"python w.py {f}"), cluster_name="w")
for name in names:
    sky.down(name)
