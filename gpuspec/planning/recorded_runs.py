"""Run records as measurements: what each run took beside what was expected of it.

They are read here without what launches, which would take a plan three times as long to load: a plan only looks."""

from __future__ import annotations

import os
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from gpuspec.catalog import Catalog
from gpuspec.planning.measured import ENDED_FROM_OUTSIDE, ENDED_WELL, MeasuredRun
from gpuspec.user_folder import user_folder

_TEXTS = ("id", "name", "launcher", "state", "spec_path", "workdir", "cloud", "instance", "gpu")
_OF_WORK = ("model", "engine", "task", "command")
_NUMBERS = ("started", "ended", "started_up", "ended_up", "gpu_count", "planned_price", "actual_price")
_OF_SIZES = (
    "planned_memory",
    "peak_memory",
    "planned_hours",
    "work_began",
    "gpu_utilization",
    "cpu_utilization",
)
_ENDED = (ENDED_WELL, "failed", *ENDED_FROM_OUTSIDE)
_WAIT = 5.0
"""Seconds that are waited for who writes."""
_LONGEST_HOURS = 100_000.0
_LONGEST_NAME = 300


def _columns() -> list[str]:
    """What is read of a run, as SQL: of a field only what it can hold, since a copy that broke, or another program's
    hand, may have left anything. The database is ten times as quick at this as Python."""
    texts = [f"CASE WHEN typeof({name}) = 'text' THEN {name} END" for name in (*_TEXTS, *_OF_WORK)]
    numbers = [
        f"CASE WHEN typeof({name}) IN ('real', 'integer') AND {name} BETWEEN 0 AND 253402300799 THEN {name} END"
        for name in (*_NUMBERS, *_OF_SIZES)
    ]
    return [*texts, *numbers, "strftime('%Y-%m-%dT%H:%M:%SZ', started, 'unixepoch')"]


def records_file() -> str:
    """Where this user's runs are recorded."""
    return os.path.join(user_folder("state"), "runs.sqlite3")


def measured_runs(
    catalog: Catalog, *, command: str | None = None, root: str | None = None
) -> list[MeasuredRun]:
    """The runs that ended, oldest first; with `command`, those that did that work. `root`: the folder that their
    files are named from, and the only one whose jobs are wanted (None: all, by the names they were given). Empty
    where nothing was ever run here, or by an older gpuspec only. Raises OSError where the records cannot be read."""
    name = _Names(catalog)
    where, values = f"state IN {_ENDED} AND started > 0", []
    if command is not None:
        where, values = f"{where} AND command = ?", [command]
    query = f"SELECT {', '.join(_columns())} FROM runs WHERE {where}"
    found = (_run(row, root, name) for row in _rows(query, values))
    return sorted((run for run in found if run), key=_when)


def _rows(query: str, values: list[str]) -> list[tuple[Any, ...]]:
    import sqlite3
    from contextlib import closing
    from urllib.parse import quote

    path = os.path.abspath(records_file())
    if not os.path.isfile(path):
        return []
    try:
        with closing(sqlite3.connect(f"file:{quote(path)}?mode=ro", timeout=_WAIT, uri=True)) as connection:
            try:
                return connection.execute(query, values).fetchall()
            except sqlite3.OperationalError as error:
                if "no such" in str(error):  # table or column: of an older gpuspec, or of none
                    return []
                if "UTF-8" not in str(error):
                    raise
            connection.text_factory = lambda found: found.decode("utf-8", "surrogateescape")
            return connection.execute(query, values).fetchall()
    except sqlite3.DatabaseError as error:
        raise OSError(str(error)) from error


def _when(run: MeasuredRun) -> tuple[str, str]:
    return run.began, run.id


def _run(row: tuple[Any, ...], root: str | None, name: _Names) -> MeasuredRun | None:
    run_id, job, launcher, state, spec, folder, cloud, instance, gpu = row[:9]
    model, engine, task, command = row[9:13]
    started, ended, started_up, ended_up, gpus, planned_price, price = row[13:20]
    planned_gib, peak, planned_hours, work_began, gpu_percent, cpu_percent, began = row[20:]
    if not run_id or not began:
        return None
    file = spec if root is None else _from(root, folder or "", spec or "")
    if file is None and root is not None:
        return None
    hours = _span(started, ended)
    if started_up is not None and ended_up is not None:  # not moved by a clock that was set meanwhile
        hours = _span(started_up, ended_up)
    if launcher == "local":
        price = planned_price = None
    return MeasuredRun(
        id=run_id,
        job=(job or "job")[:_LONGEST_NAME],
        command=command or "",
        began=began,
        state=state,
        gpu=name.of(cloud, instance, gpu) if gpu else "",
        gpus=int(gpus or 1),
        model=(model or "")[:_LONGEST_NAME],
        engine=engine or "",
        task=task or "",
        spec=file or "",
        hours=hours,
        work_hours=_span(work_began, ended),
        planned_hours=planned_hours,
        peak_gib=peak,
        planned_gib=planned_gib,
        price=price,
        planned_price=planned_price,
        gpu_utilization=gpu_percent,
        cpu_utilization=cpu_percent,
    )


def _span(began: float | None, ended: float | None) -> float | None:
    if began is None or ended is None or not 0 <= ended - began <= _LONGEST_HOURS * 3600:
        return None
    return float(ended - began) / 3600


@lru_cache(maxsize=4096)
def _from(root: str | None, workdir: str, spec: str) -> str | None:
    """The file of a job as seen from a folder, with "/"; None where it stands outside. A record has the name that
    was given in the folder in which the command was run, which is often that of the job: then it is looked for
    there."""
    if root is None:
        return spec
    if os.path.isabs(spec):
        full = spec
    else:
        upward = _upward(workdir)
        full = next((path for folder in upward if os.path.isfile(path := os.path.join(folder, spec))), "")
        full = full or os.path.join(workdir, os.path.basename(spec))
    inside = os.path.relpath(full, root).replace(os.sep, "/")
    return None if inside.startswith("../") or inside == ".." else inside


def _upward(folder: str) -> Iterator[str]:
    while folder:
        yield folder
        parent = os.path.dirname(folder)
        folder = "" if parent == folder else parent


class _Names:
    """The catalogue's names of the GPUs of runs: launchers have words of their own, which several may share
    ("H100"); then the instance tells which one it is."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog
        self._found: dict[tuple[Any, ...], str] = {}
        self._instances: dict[tuple[str, str], str] | None = None

    def of(self, cloud: str | None, instance: str | None, gpu: str) -> str:
        """The name of a run's GPU."""
        key = (cloud, instance, gpu)
        if key not in self._found:
            self._found[key] = self._looked_up(cloud, instance, gpu)
        return self._found[key]

    def _looked_up(self, cloud: str | None, instance: str | None, gpu: str) -> str:
        match = self._catalog.resolve_gpu(gpu)
        if match.gpu is not None and not match.ambiguous and not match.gpu.variants:
            return match.gpu.name
        if self._instances is None:
            self._instances = {
                (offer.cloud, offer.instance): offer.gpu for offer in self._catalog.offers() if offer.instance
            }
        rented = self._instances.get((cloud or "", instance or ""))
        return rented or (match.gpu.name if match.gpu else gpu)
