import sky
sky.jobs.pool.apply("p.yaml")
for f in files:
    t = sky.Task.from_yaml("j.yaml")
    sky.jobs.launch(t, pool="workers")
