"""How a fix, made in the job spec's names, is written into a dstack configuration."""

from collections.abc import Sequence
from typing import Any

from gpuspec.formats.document import Document
from gpuspec.formats.dstack.words import POLICIES
from gpuspec.text import Edit


def written(document: Document, edit: Edit) -> Sequence[Edit]:
    """The edits of the configuration; none where a fix is not known to mean the same there."""
    job = document.job
    if edit.op != "set" or job is None or "groups" in job.raw:
        return ()
    kind = job.raw.get("type")
    idle = "inactivity_duration" if kind == "dev-environment" else "idle_duration"
    if edit.pointer in ("/keep_alive_minutes", job.pointer("keep_alive_minutes")):
        return _duration(f"{document.place}/{idle}", edit.value, "m")
    limit = edit.value.get("max_hours") if isinstance(edit.value, dict) else edit.value
    if edit.pointer in ("/budget", "/budget/max_hours", job.pointer("budget.max_hours")):
        return _duration(f"{document.place}/max_duration", limit, "h")
    if edit.pointer in ("/spot", job.pointer("spot")) and edit.value in POLICIES:
        return (Edit("set", f"{document.place}/spot_policy", POLICIES[edit.value]),)
    return ()


def _duration(at: str, value: Any, unit: str) -> Sequence[Edit]:
    if not isinstance(value, int | float) or isinstance(value, bool) or value < 1:
        return ()
    return (Edit("set", at, f"{round(value)}{unit}"),)
