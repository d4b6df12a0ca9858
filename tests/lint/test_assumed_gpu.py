"""`--assume-gpu`, `assume-gpu` and `per-file-assume-gpu`: the machine of jobs whose files name none."""

import json
from pathlib import Path
from typing import Any

import pytest

from gpuspec.cli.main import main

JOB = {
    "name": "chat", "task": "serve", "keep_alive_minutes": 30,
    "run": "vllm serve Qwen/Qwen2.5-72B-Instruct --max-model-len 8192 -tp 8",
}  # fmt: skip
"""145 GB of weights, which an L4 of 24 GB does not hold."""


def write(path: Path, **fields: Any) -> str:
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps({**JOB, **fields}))
    return str(path)


def printed(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    main(list(arguments))
    done = capsys.readouterr()
    return done.out + done.err


def gpus(capsys: pytest.CaptureFixture[str], *arguments: str) -> Any:
    (job,) = json.loads(printed(capsys, "show", "--json", *arguments))["jobs"]
    return job["gpus"], job["derived"].get("gpus", {}).get("value")


def test_a_gpu_is_assumed_where_the_file_names_none(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = write(tmp_path / "job.jsonc")
    assert "GS102" not in printed(capsys, "lint", path)
    assert "GS102" in printed(capsys, "lint", path, "--assume-gpu", "L4")
    # 8 × 48 GB hold them
    assert "GS102" not in printed(capsys, "lint", path, "--assume-gpu", "L40S:8")
    assert gpus(capsys, path, "--assume-gpu", "L40S:8") == ([], [{"gpu": "L40S", "count": 8}])


def test_what_the_file_says_goes_before(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    named = write(tmp_path / "named.jsonc", gpu_types=["A100-80GB"], gpu_count=2)
    assert gpus(capsys, named, "--assume-gpu", "L4:8") == ([{"gpu": "A100 80GB", "count": 2}], None)
    counted = write(tmp_path / "counted.jsonc", gpu_count=2)
    said, assumed = gpus(capsys, counted, "--assume-gpu", "L40S:8")
    assert said == [{"gpu": None, "count": 2}]
    assert assumed == [{"gpu": "L40S", "count": 2}]


def test_no_fix_is_made_in_what_stands_nowhere(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = write(tmp_path / "job.jsonc")
    printed(capsys, "lint", path, "--assume-gpu", "L4", "--fix", "--unsafe-fixes")
    assert json.loads(Path(path).read_text())["run"] == JOB["run"]


def test_the_first_glob_that_means_a_file_holds(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "gpuspec.toml").write_text(
        'assume-gpu = "T4"\n[per-file-assume-gpu]\n"k8s/prod-*" = "L4:4"\n"k8s/**" = "L40S"\n'
    )
    found = {
        name: gpus(capsys, write(tmp_path / name))
        for name in ("job.jsonc", "k8s/a.jsonc", "k8s/prod-a.jsonc")
    }
    assert [found[name][1][0]["gpu"] for name in found] == ["T4", "L40S", "L4"]
    on_top = gpus(capsys, str(tmp_path / "k8s/a.jsonc"), "--assume-gpu", "A10")
    assert on_top[1][0]["gpu"] == "A10"


@pytest.mark.parametrize(
    ("written", "words"),
    [
        ("L44", "no GPU is called 'L44' → did you mean 'L4"),
        ("what", "no GPU is called 'what' → L4, RTX 4090:2 and A100-80GB:8 are understood"),
        ("", "no GPU is called ''"),
    ],
)
def test_an_unknown_gpu_is_refused(
    written: str, words: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = write(tmp_path / "job.jsonc")
    said = " ".join(printed(capsys, "lint", path, "--assume-gpu", written).split())
    assert said.startswith(f"gpuspec: error[unknown-gpu]: --assume-gpu: {words}")
    (tmp_path / "gpuspec.toml").write_text(f'[per-file-assume-gpu]\n"*" = "{written}"\n')
    said = " ".join(printed(capsys, "plan", path).split())
    assert f"per-file-assume-gpu.'*': {words}" in said


def test_a_gpu_is_a_string(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = write(tmp_path / "job.jsonc")
    (tmp_path / "gpuspec.toml").write_text('[per-file-assume-gpu]\n"*" = ["L4"]\n')
    assert "per-file-assume-gpu.'*' must be a string, not a list" in printed(capsys, "lint", path)
