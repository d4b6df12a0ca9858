"""What strangers' commands say, as somebody who knows the engines reads them."""

from __future__ import annotations

import runpy
from pathlib import Path
from typing import Any

import pytest

from gpuspec.catalog import Catalog
from gpuspec.commands.steps import read_steps
from gpuspec.job.job import GpuChoice, Job
from gpuspec.workload import Workload
from gpuspec.workload import read as read_workload

CATALOG = Catalog()
ROWS: list[tuple[str, dict[str, Any]]] = runpy.run_path(str(Path(__file__).with_name("typed.py")))["ROWS"]


def read(run: str, files: dict[str, str]) -> Workload:
    job = Job(run=run, gpu_types=(GpuChoice("A100-80GB", 4, "/gpu_types/0"),), pointers={"run": "/run"})
    return read_workload(job, read_steps(job, read_file=files.get), catalog=CATALOG)


@pytest.mark.parametrize(("run", "want"), [pytest.param(run, want, id=run[:70]) for run, want in ROWS])
def test_command(run: str, want: dict[str, Any]) -> None:
    want = dict(want)
    workload = read(run, want.pop("files", {}))
    found = {**workload._asdict(), "draft": workload.draft and workload.draft.model_name}
    found["other_models"] = workload.other_models or None
    if "nodes" not in workload.origins:
        found["nodes"] = 1  # where nothing says otherwise
    assert {field: found[field] for field in want} == want
