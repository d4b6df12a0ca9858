import sky

tasks = load_tasks()
ids = [sky.jobs.launch(task) for task in tasks]
# expect GS301: 4
