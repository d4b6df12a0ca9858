"""`gpuspec export`."""

from __future__ import annotations

import click

from gpuspec.cli.open_case import CaseOptions, accept_no_timer_option, case_options, open_case
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
@case_options
@accept_no_timer_option
def command(spec: str, to: str, given: CaseOptions) -> int:
    """Print what `gpuspec run` would launch, for another tool.

    `gpuspec export job.jsonc > task.yaml && sky launch task.yaml` does the same as `gpuspec run`. Secrets are
    named, never written: pass them with `sky launch --secret NAME`.
    """
    case = open_case(spec, given.settings_for(spec))
    click.echo(task_yaml(case.job, case.plan_on("skypilot"), case.workdir, KINDS[to]), nl=False)
    return 0
