from pathlib import Path

from dstack.api import GPU, Client, Resources, Task

client = Client.from_config(project_name="main")


def run_one(pdf_dir: Path):
    task = Task(
        name=f"parse-{pdf_dir.name}",
        image="vikp/marker:latest",
        commands=[
            "pip install marker-pdf",
            f"marker /data/{pdf_dir.name} --output_dir /data/out/{pdf_dir.name}",
        ],
        resources=Resources(gpu=GPU(memory="24GB")),
        volumes=["papers:/data"],
    )
    run = client.runs.apply_configuration(configuration=task, repo=None)
    run.attach()
    try:
        for chunk in run.logs():
            print(chunk.decode(), end="")
    finally:
        run.stop(abort=False)


for d in sorted(Path("papers").iterdir()):
    if d.is_dir():
        run_one(d)
