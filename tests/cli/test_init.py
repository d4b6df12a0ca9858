"""`gpuspec init`: what it writes is valid, clean and has a plan; what exists stays."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import json5
import jsonschema
import pytest
from waiting import PATIENCE

SCHEMA = json.loads((Path(__file__).parents[2] / "schemas/job.schema.json").read_text(encoding="utf-8"))


def gpuspec(cwd: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "gpuspec", *arguments],
        cwd=cwd,
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        timeout=PATIENCE,
    )


@pytest.mark.parametrize("task", ["serve", "batch", "train", "interactive"])
@pytest.mark.parametrize(
    "model", [None, "meta-llama/Llama-3.1-70B-Instruct", "stabilityai/stable-diffusion-xl-base-1.0"]
)
def test_what_it_writes_is_valid_clean_and_can_be_rented(
    tmp_path: Path, task: str, model: str | None
) -> None:
    done = gpuspec(tmp_path, "init", "--task", task, *(["--model", model] if model else []))
    assert done.returncode == 0, done.stderr
    value = json5.loads((tmp_path / "job.jsonc").read_text())
    jsonschema.Draft7Validator(SCHEMA).validate(value)
    assert value["task"] == task
    assert value["model"]["id"] == model or model is None
    lint = gpuspec(tmp_path, "lint", "job.jsonc")
    assert lint.returncode == 0, lint.stdout
    plan = gpuspec(tmp_path, "plan", "job.jsonc", "--json")
    assert json.loads(plan.stdout)["choice"] is not None


def test_a_file_that_exists_stays_unless_forced(tmp_path: Path) -> None:
    (tmp_path / "job.jsonc").write_text("mine")
    done = gpuspec(tmp_path, "init")
    assert done.returncode == 2
    assert "error[file-exists]" in done.stderr
    assert (tmp_path / "job.jsonc").read_text() == "mine"
    assert gpuspec(tmp_path, "init", "--force").returncode == 0
    assert (tmp_path / "job.jsonc").read_text().startswith("{")
    assert os.listdir(tmp_path) == ["job.jsonc"]


def test_a_model_nobody_knows_makes_a_spec_that_says_no_gpu(tmp_path: Path) -> None:
    done = gpuspec(tmp_path, "init", "--model", "acme/unheard-of", "-o", "-")
    value = json5.loads(done.stdout)
    jsonschema.Draft7Validator(SCHEMA).validate(value)
    assert "gpu_types" not in value


@pytest.mark.parametrize(
    ("written", "repository"),
    [("whisper-large-v3", "openai/whisper-large-v3"), ("qwen2.5-7b", "Qwen/Qwen2.5-7B")],
)
def test_a_usual_name_becomes_the_repository_that_is_fetched(
    tmp_path: Path, written: str, repository: str
) -> None:
    value = json5.loads(gpuspec(tmp_path, "init", "--model", written, "-o", "-").stdout)
    assert value["model"]["id"] == value["downloads"][0]["source"] == repository


def test_a_name_that_is_no_repository_is_not_fetched(tmp_path: Path) -> None:
    text = gpuspec(tmp_path, "init", "--model", "llama3.1:8b", "-o", "-").stdout
    assert "downloads" not in json5.loads(text)
    assert '// "downloads": [{ "strategy": "hf", "source": "ORGANISATION/llama3.1:8b" }]' in text


@pytest.mark.parametrize("model", ['x", "run": "evil', "a b", "$(x)", "'", "x\n//"])
def test_a_model_name_cannot_carry_anything_else(tmp_path: Path, model: str) -> None:
    done = gpuspec(tmp_path, "init", "--model", model)
    assert done.returncode == 2
    assert "error[bad-model]" in done.stderr
    assert os.listdir(tmp_path) == []


def test_a_folder_that_cannot_be_written(tmp_path: Path) -> None:
    done = gpuspec(tmp_path, "init", "-o", "no/such/folder/job.jsonc")
    assert done.returncode == 2
    assert "error[cannot-write]" in done.stderr
