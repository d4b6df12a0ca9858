"""`gpuspec cost --report` and `--write-measured`: all runs, beside what was predicted of them."""

from __future__ import annotations

import os

from gpuspec.cli.output import say, say_document
from gpuspec.errors import UserError
from gpuspec.json_text import json_text
from gpuspec.launch.records import Records
from gpuspec.lint.config import Configs
from gpuspec.planning.accuracy import BYS, Accuracy, Ratio, ReportBy, accuracy
from gpuspec.planning.measured import MeasuredRun
from gpuspec.planning.measured_file import read_measured, update_measured
from gpuspec.planning.recorded_runs import measured_runs
from gpuspec.plugin.installed_catalog import installed_catalog
from gpuspec.report.summary import plural
from gpuspec.rules import collect


def measured_file(config: str | None) -> str:
    """The file of this folder's project."""
    return Configs(collect(), path=config).measured_file_for(os.getcwd())


def _own(root: str | None = None) -> list[MeasuredRun]:
    """The runs recorded here. UserError where they cannot be read."""
    records = (
        Records()
    )  # which says what is wrong with them, and gives those of an older gpuspec what they lack
    try:
        return measured_runs(installed_catalog(), root=root)
    except OSError as error:
        raise records.trouble(error) from error


def report(by: ReportBy | None, config: str | None, *, as_json: bool) -> int:
    """Print predicted ÷ actual of the runs recorded here, and of those that the project keeps."""
    own = _own()
    runs: dict[str, MeasuredRun] = {run.id: run for run in (*read_measured(measured_file(config)), *own)}
    found = accuracy(runs.values(), (by,) if by else BYS)
    if as_json:
        say_document(json_text(_document(found)))
        return 0
    if not runs:
        say("no run has ended yet: `gpuspec run job.jsonc` starts one")
        return 0
    from gpuspec.report.accuracy_table import render

    say_document(render(found))
    return 0


def _document(found: Accuracy) -> dict[str, object]:
    rows = [
        {
            "by": row.by or "all",
            "name": row.name,
            "runs": row.runs,
            "time": _ratio(row.time),
            "memory": _ratio(row.memory),
            "price": _ratio(row.price),
        }
        for row in found.rows
    ]
    return {"first": found.first or None, "last": found.last or None, "filled": found.filled, "rows": rows}


def _ratio(ratio: Ratio | None) -> dict[str, object] | None:
    return None if ratio is None else ratio._asdict()


def write_measured(config: str | None) -> int:
    """Put what runs of this project's jobs took into its file."""
    path = measured_file(config)
    telling = [
        run for run in _own(os.path.dirname(path)) if run.command and (run.tells_peak or run.tells_hours)
    ]
    shown = min(os.path.relpath(path), path, key=len)
    if not telling and not os.path.exists(path):
        raise UserError(
            "no-measured-runs",
            f"no run of a job below {os.path.dirname(path)} is recorded whose memory or length is known",
            "`gpuspec run` records both; `gpuspec import-usage` reads what other tools saw",
        )
    changed = update_measured(path, telling)
    kept = plural(len(read_measured(path)), "run")
    say(f"{shown}: {kept}, {changed} of them changed" if changed else f"{shown}: {kept}, as before")
    return 0
