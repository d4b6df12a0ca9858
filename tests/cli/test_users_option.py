"""`users` of a job and `--users`: a machine that cannot hold them all is refused, wherever a job is judged."""

import json
from pathlib import Path

import pytest

from gpuspec.cli.main import main

JOB = """{
  "name": "chat", "task": "serve", "keep_alive_minutes": 30, "gpu_types": ["L4", "L40S"],
  "model": {"id": "meta-llama/Llama-3.1-8B-Instruct", "context": 8192},
  "run": "vllm serve meta-llama/Llama-3.1-8B-Instruct --max-model-len 8192"
}"""
"""16 GB of weights and 1 GiB of cache a user. An L4 has 22 GiB, an L40S 45."""


@pytest.fixture
def job(tmp_path: Path) -> str:
    path = tmp_path / "job.jsonc"
    path.write_text(JOB)
    return str(path)


def printed(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    main(list(arguments))
    return capsys.readouterr().out


def kept(capsys: pytest.CaptureFixture[str], *arguments: str) -> set[str]:
    plan = json.loads(printed(capsys, "plan", *arguments, "--json"))
    return {one["gpu"] for one in plan["candidates"] if one["kept"]}


def test_a_plan_keeps_what_holds_all_users(job: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert kept(capsys, job) == {"L4", "L40S"}
    assert kept(capsys, job, "--users", "16") == {"L40S"}
    assert kept(capsys, job, "--users", "64") == set()


def test_lint_refuses_a_gpu_that_cannot_hold_them(job: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert "GS102" not in printed(capsys, "lint", job)
    found = printed(capsys, "lint", job, "--users", "16")
    assert "L4 cannot hold Llama-3.1-8B for 16 users at once" in found


def test_the_option_overrides_the_job(job: str, capsys: pytest.CaptureFixture[str]) -> None:
    Path(job).write_text(JOB.replace('"name"', '"users": 16, "name"'))
    assert kept(capsys, job) == {"L40S"}
    assert kept(capsys, job, "--users", "1") == {"L4", "L40S"}
    assert json.loads(printed(capsys, "show", job, "--json"))["jobs"][0]["users"] == 16
