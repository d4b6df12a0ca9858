"""Every command of the table says what was read off it by hand, and nothing else."""

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

TABLE = runpy.run_path(str(Path(__file__).with_name("commands.py")))
MORE: list[tuple[str, dict[str, Any]]] = runpy.run_path(str(Path(__file__).with_name("more_commands.py")))[
    "ROWS"
]
CASES: list[tuple[str, str, dict[str, Any]]] = [
    *TABLE["CASES"],
    *((run[:60], run, want) for run, want in MORE),
]
FROM_CATALOGUE = ("model", "params_b", "modality", "origins", "follows_gpus")


def job(run: str, **more: Any) -> Job:
    return Job(
        run=run, gpu_types=(GpuChoice("A100-80GB", 4, "/gpu_types/0"),), pointers={"run": "/run"}, **more
    )


def read(job: Job) -> Workload:
    return read_workload(job, read_steps(job), catalog=CATALOG)


def said(workload: Workload) -> dict[str, Any]:
    fields = {**workload._asdict(), "draft": workload.draft.model_name if workload.draft else None}
    return {
        field: value
        for field, value in fields.items()
        if field not in FROM_CATALOGUE and value not in (None, ())
    }


def test_the_table_is_large_enough() -> None:
    assert len({run for _, run, _ in CASES}) >= 60


@pytest.mark.parametrize(("run", "expected"), [pytest.param(run, want, id=name) for name, run, want in CASES])
def test_command(run: str, expected: dict[str, Any]) -> None:
    workload = read(job(run))
    assert said(workload) == expected
    for field, origin in workload.origins.items():
        if field in expected and field != "task":
            assert origin.pointer == "/run"


@pytest.mark.parametrize("name", ["SkyPilot's GPU count", "counted by nvidia-smi"])
def test_what_follows_the_gpus_is_marked(name: str) -> None:
    run = next(run for case, run, _ in CASES if case == name)
    assert read(job(run)).follows_gpus == ("tensor_parallel",)
    mixed = Job(run=run, gpu_types=(GpuChoice("A100", 2, ""), GpuChoice("L4", 4, "")))
    assert read(mixed).tensor_parallel is None
    assert read(mixed).follows_gpus == ("tensor_parallel",)
