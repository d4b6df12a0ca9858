import sky, typer
app = typer.Typer()
class Launcher:
    def launch(self, name, yaml):
        task = sky.Task.from_yaml(yaml)
        return sky.launch(task, cluster_name=name)
@app.command()
def go(files: list[str]):
    l = Launcher()
    for f in files:
        l.launch(f, f + ".yaml")
# expect GS301: 6
