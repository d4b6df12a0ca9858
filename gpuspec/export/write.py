"""A case as a file of another tool, with what is not in it as comments at its head."""

from __future__ import annotations

import os

from gpuspec.errors import UserError
from gpuspec.export.essential import of_commands
from gpuspec.export.not_carried import left_behind
from gpuspec.export.outgoing import outgoing, reachable
from gpuspec.formats import Document
from gpuspec.planning.case import Case
from gpuspec.printable import one_line

HOW = {
    "kubernetes": "kubectl apply -f FILE",
    "compose": "docker compose -f FILE up",
    "sbatch": "sbatch FILE",
    "dstack": "dstack apply -f FILE",
}
"""Target → what starts it."""


def written(case: Case, target: str) -> str:
    """The file for a target of `HOW`. Holds no secret's value: the caller has refused a job with one."""
    out = outgoing(case)
    if not out.script and (target == "sbatch" or not out.job.image):
        raise UserError("nothing-to-run", "the job has no `run` command", "say what it runs, in `run`")
    if target == "kubernetes":
        from gpuspec.export.kubernetes import render as kubernetes

        out = reachable(out)
        text, notes = kubernetes(out)
    elif target == "compose":
        from gpuspec.export.compose import render as compose

        out = reachable(out)
        text, notes = compose(out)
    elif target == "sbatch":
        from gpuspec.export.sbatch import render as sbatch

        text, notes = sbatch(out)
    else:
        from gpuspec.export.dstack import render as dstack

        text, notes = dstack(out, case)
    head = [f"written by gpuspec from {os.path.basename(case.path)}; start it with: {HOW[target]}"]
    if out.offer is not None:
        machine = f"{out.offer.gpu_count} × {out.gpu.name}" if out.gpu else out.offer.instance
        head.append(f"planned for {machine} ({out.offer.cloud}, {out.offer.instance})")
    lines = [*head, *_heading([*notes, *out.notes, *lost(case.document, target)])]
    comments = "".join(one_line(f"# {line}") + "\n" for line in lines)
    if target != "sbatch":
        return comments + text
    directives, _, body = text.partition("\n\n")
    return f"#!/bin/bash\n{directives}\n{comments}\n{body}"


def _heading(notes: list[str]) -> list[str]:
    return ["not carried, or to be looked at:", *(f"  {note}" for note in notes)] if notes else []


def lost(document: Document, target: str = "") -> list[str]:
    """What of a file of another tool a job elsewhere would do without, in words with the line of each."""
    name = os.path.basename(document.path)
    parts = [f"{one.what} ({name}:{one.line}): {one.why}" for one in left_behind(document) if one.why]
    return parts if document.format.name == target else [*parts, *of_commands(document)]
