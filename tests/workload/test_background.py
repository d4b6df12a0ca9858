"""A server in the background is there for the program that follows it: then the job is not one that serves."""

from __future__ import annotations

import pytest

from gpuspec.catalog import Catalog
from gpuspec.commands.steps import read_steps
from gpuspec.job.job import Job
from gpuspec.workload import Workload
from gpuspec.workload import read as read_workload

CATALOG = Catalog()

OLLAMA = "ollama serve & sleep 3; ollama pull llama3.2:3b; "
VLLM = "vllm serve Qwen/Qwen2.5-7B-Instruct & "


def read(job: Job) -> Workload:
    return read_workload(job, read_steps(job), catalog=CATALOG)


@pytest.mark.parametrize(
    ("run", "task"),
    [
        (OLLAMA + "python evaluate.py", None),
        (VLLM + "until curl -sf localhost:8000/health; do sleep 5; done; python client.py", None),
        (OLLAMA + "wait", "serve"),
        (OLLAMA + "tail -f /dev/null", "serve"),
        (VLLM + "wait", "serve"),
        ("vllm serve Qwen/Qwen2.5-7B-Instruct", "serve"),
        ("python warm.py & vllm serve Qwen/Qwen2.5-7B-Instruct", "serve"),
    ],
)
def test_task(run: str, task: str | None) -> None:
    assert read(Job(run=run)).task == task


def test_ports_say_that_somebody_calls() -> None:
    from gpuspec.job.job import Port

    assert read(Job(run=VLLM + "python app.py", ports=(Port(8000),))).task == "serve"
