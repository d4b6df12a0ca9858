import sky

sky.launch(sky.Task(run="python t.py"), cluster_name="a", idle_minutes_to_autostop=10, down=True)
