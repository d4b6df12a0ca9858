import subprocess
from pathlib import Path

import click
import pandas as pd


def sbatch(*args):
    out = subprocess.check_output(["sbatch", "--parsable", *args], text=True)
    return out.strip().split(";")[0]


@click.group()
def cli():
    """Cryo-EM pipeline."""


@cli.command()
@click.argument("sheet", type=click.Path(exists=True, path_type=Path))
@click.option("--partition", default="gpu")
def motioncor(sheet, partition):
    """Motion-correct every movie of a session."""
    df = pd.read_csv(sheet)
    with click.progressbar(list(df.itertuples())) as rows:
        for row in rows:
            sbatch(f"--partition={partition}", "slurm/motioncor.sbatch", row.movie, row.gain)


@cli.command()
@click.argument("session")
def refine(session):
    """3D refinement of a whole session."""
    click.echo(sbatch("slurm/refine.sbatch", session))


if __name__ == "__main__":
    cli()
