import click, sky
@click.command()
@click.argument("configs", nargs=-1)
def main(configs):
    tasks = []
    for c in configs:
        t = sky.Task.from_yaml(c)
        tasks.append(t)
    for i, t in enumerate(tasks):
        rid = sky.launch(t, cluster_name=f"run-{i}", retry_until_up=True, idle_minutes_to_autostop=5, down=True)
        sky.stream_and_get(rid)
# expect GS301: 10
