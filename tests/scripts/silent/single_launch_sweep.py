import json
import sky

grid = []
for lr in (1e-3, 1e-4):
    for wd in (0, 0.1):
        grid.append({"lr": lr, "wd": wd})
task = sky.Task.from_yaml("sweep.yaml")
task.update_envs({"GRID": json.dumps(grid)})
sky.jobs.launch(task)
