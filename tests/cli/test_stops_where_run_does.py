"""`export` and `run --dry-run` stop where the run would; what a run leaves is said with the command that does it."""

from __future__ import annotations

import json
import shlex
from pathlib import Path
from typing import Any

import pytest

from gpuspec.cli.main import main
from gpuspec.launch.local.local_launcher import LocalLauncher
from gpuspec.launch.records import Records

RENTED = {
    "name": "c",
    "task": "batch",
    "gpu_types": ["RTX 4090"],
    "max_price": 1,
    "keep_alive_minutes": 3,
    "budget": {"max_hours": 0.1},
    "run": "echo x",
    "outputs": ["o/"],
}
HERE = {"name": "h", "task": "batch", "keep_alive_minutes": 3, "budget": {"max_hours": 0.1}, "run": "echo x"}


@pytest.fixture(autouse=True)
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GPUSPEC_STATE_DIR", str(tmp_path / "state"))


def written(folder: Path, base: dict[str, Any], **fields: Any) -> str:
    path = folder / "job.jsonc"
    path.write_text(json.dumps({**base, **fields}))
    return str(path)


def test_no_command_passes_over_a_budget(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = written(tmp_path, RENTED, budget={"max_hours": 100, "max_total": 1})
    for words in (["export", path], ["run", path, "--dry-run"]):
        assert main(words) == 1
        shown = capsys.readouterr()
        assert shown.out == ""
        assert "error[GS505]" in shown.err
        assert "error[lint-errors]" in shown.err
    assert main(["plan", path]) == 1
    assert "is over the budget of $1.00" in capsys.readouterr().out
    assert main(["plan", written(tmp_path, RENTED)]) == 0


def test_export_takes_no_workdir_that_run_would_not(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "specs").mkdir()
    (tmp_path / "specs" / "work").symlink_to(tmp_path / "elsewhere")
    assert main(["export", written(tmp_path / "specs", RENTED, workdir="work")]) == 2
    assert "error[workdir-outside]" in capsys.readouterr().err


@pytest.mark.parametrize("on", ["local", "skypilot"])
@pytest.mark.parametrize(
    ("wrong", "code"),
    [({"workdir": "nope"}, "no-workdir"), ({"items": "none/*", "run": "cat {item}"}, "no-items")],
)
def test_a_dry_run_stops_at_what_is_not_there(
    wrong: dict[str, Any], code: str, on: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = written(tmp_path, RENTED, **wrong)
    assert main(["run", path, "--on", on, "--allow-no-gpu", "--dry-run"]) == 2
    assert f"error[{code}]" in capsys.readouterr().err
    assert Records().all() == []


def test_a_dry_run_here_wants_the_gpu_that_the_run_would(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("gpuspec.launch.local.nvml.local_gpus", lambda environment: ())
    words = ["run", written(tmp_path, RENTED), "--on", "local", "--dry-run"]
    assert main(words) == 2
    assert "error[no-local-gpu]" in capsys.readouterr().err
    assert main([*words, "--allow-no-gpu"]) == 0


def test_what_is_left_is_counted_and_the_command_that_is_said_does_it(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    path = written(tmp_path, HERE, items=["a", "b", "c"], run="[ {item} != b ] || [ -e mended ]")
    assert main(["run", path, "--yes", "--on", "local"]) == 1
    said = next(line for line in capfd.readouterr().err.split("\n") if "items are done" in line)
    count, _, command = said.partition("; the others: ")
    assert count == "gpuspec: 2 of 3 items are done"
    assert shlex.split(command)[:4] == ["gpuspec", "run", path, "--resume"]
    (tmp_path / "mended").touch()
    assert main([*shlex.split(command)[1:], "--yes"]) == 0
    shown = capfd.readouterr()
    assert "items: 1 of 1 done" in shown.out
    assert "items are done" not in shown.err


def test_the_time_limit_counts_them_too(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    path = written(tmp_path, HERE, items=["true", "sleep 600"], run="{item}", budget={"max_hours": 0.0006})
    assert main(["run", path, "--yes"]) != 0
    assert f"gpuspec run {path} --resume --on local" in capfd.readouterr().err


def test_ctrl_c_in_logs_says_that_the_run_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    run = Records().new(name="x", launcher="local", spec_path="-", workdir=str(tmp_path)).run

    def interrupted(*_: object, **__: object) -> int:
        raise KeyboardInterrupt

    monkeypatch.setattr(LocalLauncher, "logs", interrupted)
    assert main(["logs", "-f", run.id]) == 130
    assert capsys.readouterr().err == f"gpuspec: run {run.id} goes on; `gpuspec stop {run.id}` ends it\n"


def test_wrong_usage_has_a_code(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", "--resume"]) == 2
    assert "gpuspec: error[wrong-usage]: Missing argument 'SPEC...'.\n" in capsys.readouterr().err


def test_a_job_without_gpu_or_model_is_told_why_nothing_is_rented(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = written(tmp_path, HERE)
    assert main(["export", path]) == 2
    shown = capsys.readouterr().err
    assert "asks for no GPU and names no model" in shown
    assert "--on local" in shown
    assert "plan --all" not in shown  # it lists no offer
    assert main(["plan", "--all", path]) == 0


@pytest.mark.parametrize("arguments", [[], ["config"], ["plugin"]])
def test_without_a_command_the_help_is_readable(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments) in (0, 2)
    printed = capsys.readouterr()
    lines = (printed.out + printed.err).splitlines()
    assert "Commands:" in lines
    assert not any("\\n" in line or "error[" in line for line in lines)
