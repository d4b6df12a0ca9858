"""`gpuspec.measured.json`: what a team's runs took, kept beside its settings and committed with them."""

import os
from collections.abc import Iterable, Mapping
from typing import Any

from gpuspec.atomic_write import alone, atomic_write
from gpuspec.catalog.file_state import state_of
from gpuspec.catalog.untrusted_json import as_written, object_of_format
from gpuspec.errors import UserError
from gpuspec.job.job import Job
from gpuspec.planning.measured import Measured, MeasuredRun, command_digest, measured_of
from gpuspec.untrusted_file import in_words, read_file

FORMAT = 1
LARGEST = 16 * 1024 * 1024
MOST = 20_000
"""Runs of one file."""
KEPT = 10
"""Runs of one command on one kind of machine that are kept: the newest."""
LONGEST = 500
MOST_GPUS = 10_000
_MOST_HOURS, _MOST_GIB, _MOST_DOLLARS = 100_000.0, 10_000.0, 100_000.0
_NUMBERS: Mapping[str, float] = {
    "hours": _MOST_HOURS,
    "work_hours": _MOST_HOURS,
    "planned_hours": _MOST_HOURS,
    "peak_gib": _MOST_GIB,
    "planned_gib": _MOST_GIB,
    "price": _MOST_DOLLARS,
    "planned_price": _MOST_DOLLARS,
    "gpu_utilization": 100.0,
    "cpu_utilization": 100.0,
}
"""Field → the most that it can be."""
_WORDS = ("job", "command", "began", "state", "gpu", "model", "engine", "task", "spec", "source")
_NEEDED = ("job", "command", "began", "state")

_read: dict[str, tuple[Any, Mapping[str, tuple[MeasuredRun, ...]]]] = {}
"""path → (its state on disk, command → its runs): a thousand jobs of a folder ask for the same file."""


def runs_of_command(path: str, command: str) -> tuple[MeasuredRun, ...]:
    """The runs of one command that a file keeps. Raises UserError `measured-file`."""
    state = state_of(path)
    if path not in _read or _read[path][0] != state:
        by_command: dict[str, list[MeasuredRun]] = {}
        for run in read_measured(path):
            by_command.setdefault(run.command, []).append(run)
        _read[path] = state, {command: tuple(runs) for command, runs in by_command.items()}
    return _read[path][1].get(command, ())


def measured_in(path: str | None, others: Iterable[MeasuredRun], job: Job) -> tuple[Measured, ...]:
    """What the last runs of a job's commands took, by kind of machine: those of a file, and others."""
    command = command_digest(job)
    if not command:
        return ()
    kept = runs_of_command(path, command) if path else ()
    return measured_of((*others, *kept), command)


def read_measured(path: str) -> tuple[MeasuredRun, ...]:
    """All runs of a file, in its order; none where there is no such file. Raises UserError `measured-file`."""
    try:
        data = read_file(path, LARGEST)
    except FileNotFoundError:
        return ()
    except OSError as error:
        raise _broken(path, in_words(error)) from None
    try:
        document = object_of_format(data, FORMAT)
    except ValueError as error:
        raise _broken(path, str(error)) from None
    runs = document.get("runs")
    if not isinstance(runs, dict):
        raise _broken(path, '"runs" is no object')
    if len(runs) > MOST:
        raise _broken(path, f"it holds more than {MOST:,} runs")
    return tuple(_run(path, name, record) for name, record in runs.items())


def _run(path: str, name: str, record: Any) -> MeasuredRun:
    if len(name) > LONGEST:
        raise _broken(path, f"a run's name has more than {LONGEST} characters")
    where = f"run {as_written(name)}"
    if not isinstance(record, dict):
        raise _broken(path, f"{where} is no object")
    for key in _NEEDED:
        if key not in record:
            raise _broken(path, f"{where} has no {key!r}")
    for key, value in record.items():
        if key in _WORDS:
            if not isinstance(value, str) or len(value) > LONGEST:
                raise _broken(path, f"{where}: {key} is {as_written(value)} and no short text")
        elif key == "gpus":
            if type(value) is not int or not 1 <= value <= MOST_GPUS:
                raise _broken(path, f"{where}: gpus is {as_written(value)} and no count")
        elif key in _NUMBERS:
            if type(value) not in (int, float) or not 0 <= value <= _NUMBERS[key]:
                raise _broken(path, f"{where}: {key} is {as_written(value)}, which cannot be")
        else:  # it would be lost when the file is written
            raise _broken(path, f"{where} has {as_written(key)}, which this version of gpuspec does not know")
    return MeasuredRun(id=name, **record)


def update_measured(path: str, found: Iterable[MeasuredRun]) -> int:
    """Put runs into a file, beside those that it has, and keep the newest of each command and machine: how many
    records changed. Raises UserError `cannot-write`, and `measured-file` where the file cannot be read."""
    try:
        os.makedirs(os.path.dirname(path) or ".", exist_ok=True)
        with alone(path):
            before = {run.id: run for run in read_measured(path)}
            after = {
                run.id: run for run in newest((before | {run.id: _within(run) for run in found}).values())
            }
            changed = sum(before.get(name) != after.get(name) for name in {*before, *after})
            if changed:
                atomic_write(path, text_of(after.values()).encode())
    except OSError as error:
        hint = "Make room, or the folder writable."
        raise UserError("cannot-write", f"{path} cannot be written: {in_words(error)}", hint) from None
    return changed


def _within(run: MeasuredRun) -> MeasuredRun:
    """A run as the file may hold it: what cannot be is left out."""
    numbers: dict[str, Any] = {}
    for key, most in _NUMBERS.items():
        value = getattr(run, key)
        numbers[key] = round(float(value), 4) if value is not None and 0 <= value <= most else None
    words = {key: getattr(run, key)[:LONGEST] for key in _WORDS}
    return run._replace(**numbers, **words, gpus=min(max(run.gpus, 1), MOST_GPUS))


def newest(runs: Iterable[MeasuredRun]) -> list[MeasuredRun]:
    """The runs that a file keeps, in its order: by job and time, so that a new one is a new line beside its own."""
    machines: dict[tuple[str, str, int], list[MeasuredRun]] = {}
    for run in runs:
        machines.setdefault((run.command, run.gpu, run.gpus), []).append(run)
    kept = [
        run
        for found in machines.values()
        for run in sorted(found, key=lambda run: (run.began, run.id))[-KEPT:]
    ]
    return sorted(kept, key=lambda run: (run.spec, run.job, run.began, run.id))


def text_of(runs: Iterable[MeasuredRun]) -> str:
    """The file's text: a run a line, what is unknown or usual left out."""
    from json import dumps

    usual = MeasuredRun._field_defaults
    lines = []
    for run in runs:
        said = {key: value for key, value in run._asdict().items() if key != "id"}
        record = {key: value for key, value in said.items() if key not in usual or value != usual[key]}
        lines.append(f"    {dumps(run.id)}: {dumps(record)}")
    inner = ",\n".join(lines)
    return f'{{\n  "format": {FORMAT},\n  "runs": {{\n{inner}\n  }}\n}}\n'


def _broken(path: str, why: str) -> UserError:
    hint = "Take it from the repository's history, or delete it and run `gpuspec cost --write-measured`."
    return UserError("measured-file", f"{path} cannot be read: {why}", hint)
