"""What must hold of a job in another tool's file before it is launched as if it were a job spec."""

from __future__ import annotations

import os

from gpuspec.cli.open_case import called
from gpuspec.errors import UserError
from gpuspec.planning.case import Case
from gpuspec.sizing import Unsized

_SAID = 5
"""Things that one message names."""


def check_one_machine(case: Case) -> None:
    """UserError for a job of several machines: limits, records and outputs of a run are those of one."""
    many = case.job.nodes or 1
    if many > 1:
        wrong = f"{case.path} is a job of {many} machines; a run keeps the limits, and fetches the outputs, of one"
        hint = f"`gpuspec export --to skypilot {case.path} > task.yaml && sky launch task.yaml` starts all {many}"
        raise UserError("several-machines", wrong, hint)


def workdir_of(case: Case) -> str:
    """The folder that goes along to the machine: an empty one where the file's format takes none, as Kubernetes'.
    What lies beside a manifest may be a whole repository, and no business of a rented machine."""
    if case.document.format.in_spec_fields:
        return case.workdir
    from gpuspec.export.outgoing import brings_files
    from gpuspec.launch.records import state_dir

    if brings_files(case):
        return case.workdir
    folder = os.path.join(state_dir(), "no-files")
    os.makedirs(folder, exist_ok=True)
    return folder


def check_imported(case: Case) -> None:
    """UserError where a job of another tool would run without something that it needs, or on a machine that nobody
    named. Says nothing of job specs."""
    if case.document.format.in_spec_fields:
        return
    from gpuspec.export.model_command import model_is_told_elsewhere
    from gpuspec.export.write import lost

    where = f"{case.path} {called(case)}".rstrip()
    missing = lost(case.document)
    if model_is_told_elsewhere(case) and case.job.run:
        name = case.document.format.name
        missing.insert(
            0, f"the model {case.workload.model_name}, which {name} tells the engine and its command does not"
        )
    if missing:
        more = f"; and {len(missing) - _SAID} more" if len(missing) > _SAID else ""
        hint = "`gpuspec import` writes it as a job spec, where `downloads`, `setup` or `env` may say it"
        wrong = f"{where} would go without what it needs: {'; '.join(missing[:_SAID])}{more}"
        raise UserError("would-be-lost", wrong, hint)
    if not case.job.run:
        wrong = f"nothing says what {where} runs: its image, or {case.document.format.name}, starts it"
        raise UserError(
            "nothing-to-run", wrong, "`gpuspec import` writes a job spec; put the command into `run`"
        )
    named = case.job.gpu_types or case.job.min_vram
    if not named and isinstance(case.need(case.job.gpu_count or 1), Unsized):
        wrong = f"{where} names no GPU, and how much memory it needs is not known"
        hint = "--assume-gpu NAME names one; or `gpuspec import` writes it as a job spec, for `gpu_types`"
        raise UserError("no-gpu-named", wrong, hint)
