"""How a fix, made in the job spec's names, is written into a SkyPilot task."""

from collections.abc import Sequence

from gpuspec.formats.document import Document
from gpuspec.text import Edit


def written(document: Document, edit: Edit) -> Sequence[Edit]:
    """The edits of the task; none where a fix is not known to mean the same there."""
    job = document.job
    if edit.op != "set" or job is None:
        return ()
    resources = f"{document.place}/resources"
    if edit.pointer in ("/keep_alive_minutes", job.pointer("keep_alive_minutes")):
        return _autostop(document, edit, job.pointer("keep_alive_minutes") or f"{resources}/autostop")
    if edit.pointer == "/spot" and edit.value == "only" and job.spot is None:
        return (Edit("set", f"{resources}/use_spot", True),)
    return ()


def _autostop(document: Document, edit: Edit, at: str) -> Sequence[Edit]:
    """A cluster that is to go goes for good: many clouds cannot stop one and start it again."""
    if not isinstance(edit.value, int | float) or isinstance(edit.value, bool):
        return ()
    minutes = round(edit.value)
    if at.endswith("/idle_minutes"):
        return (Edit("set", at, minutes),)
    there = document.tree.at(at) if at in document.tree.values else None
    if isinstance(there, dict):
        return (Edit("set", f"{at}/idle_minutes", minutes),)
    if there is None or isinstance(there, bool):
        return (Edit("set", at, {"idle_minutes": minutes, "down": True}),)
    return (Edit("set", at, minutes),)
