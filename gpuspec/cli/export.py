"""`gpuspec export`."""

from __future__ import annotations

import click

from gpuspec.cli.job_file import load, make_plan
from gpuspec.launch.skypilot.mode import Mode
from gpuspec.launch.skypilot.task_yaml import task_yaml

KINDS: dict[str, Mode] = {"skypilot": "machine", "skypilot-jobs": "job", "skypilot-serve": "service"}


@click.command("export")
@click.argument("spec", metavar="SPEC")
@click.option(
    "--to",
    type=click.Choice(tuple(KINDS)),
    default="skypilot",
    show_default=True,
    help="For `sky launch`, `sky jobs launch` (spot with recovery) or `sky serve up` (replicas).",
)
@click.option("--prices", metavar="SOURCE", help="Price source to use (see `gpuspec prices`), or a CSV file.")
@click.option(
    "--accept-no-timer", is_flag=True, help="Keep clouds whose machines cannot take themselves down."
)
def command(spec: str, to: str, prices: str | None, accept_no_timer: bool) -> int:
    """Print what `gpuspec run` would launch, for another tool.

    `gpuspec export job.jsonc > task.yaml && sky launch task.yaml` does the same as `gpuspec run`. Secrets are
    named, never written: pass them with `sky launch --secret NAME`.
    """
    file = load(spec, prices)
    plan = make_plan(file, accept_no_timer=accept_no_timer, launcher="skypilot")
    click.echo(task_yaml(file.job, plan, file.workdir, KINDS[to]), nl=False)
    return 0
