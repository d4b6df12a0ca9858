"""`gpuspec schema`: the JSON Schemas."""

from __future__ import annotations

import sys

import click

from gpuspec.job.schema import NAMES


@click.command()
@click.argument("name", type=click.Choice(NAMES), default="job", metavar="[job|config|report]")
def command(name: str) -> None:
    """Print a JSON Schema, for editors and other checkers: of a job spec, of gpuspec.toml, or of what
    `lint --format json` prints.

    \b
    gpuspec schema > job.schema.json
    gpuspec schema config
    """
    from gpuspec.job.schema import text

    # Bytes: a terminal's encoding or line ends must not change what is printed.
    sys.stdout.buffer.write(text(name).encode("utf-8"))
