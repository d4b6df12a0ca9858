import sky
for cloud in [sky.AWS(), sky.GCP(), sky.Azure()]:
    try:
        task.set_resources(sky.Resources(cloud, accelerators="V100"))
        sky.launch(task, cluster_name="x")
        break
    except sky.exceptions.ResourcesUnavailableError:
        continue
