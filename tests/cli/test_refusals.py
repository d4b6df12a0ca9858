"""What a command refuses, in one line with its code and what to do: those that have no other home."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from gpuspec.cli.main import main
from gpuspec.launch.launcher import Run
from gpuspec.launch.records import Records, record_of


@pytest.fixture
def recorded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """A local run of another life: nothing of it is left but its record."""
    monkeypatch.setenv("GPUSPEC_STATE_DIR", str(tmp_path / "state"))
    record = Records().new(
        name="old",
        launcher="local",
        spec_path="job.jsonc",
        workdir=str(tmp_path),
        planned_price=None,
        max_hours=None,
    )
    record.update(state="running", pid=2**22 + 1, pid_start="1")  # above the largest process id of Linux
    return record.run


def refused(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    assert main(list(arguments)) == 2
    said = capsys.readouterr().err
    assert "Traceback" not in said
    return said


def test_unknown_command(capsys: pytest.CaptureFixture[str]) -> None:
    said = refused(capsys, "lnt", "job.jsonc")
    assert "error[unknown-command]" in said
    assert "did you mean `gpuspec lint`?" in said


def test_a_model_whose_kind_is_not_sized(capsys: pytest.CaptureFixture[str]) -> None:
    assert "error[cannot-size]" in refused(capsys, "size", "facebook/sam-vit-huge")


def test_a_plugin_that_is_not_installed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "gpuspec.toml").write_text('plugins = ["gpuspec-plugin-absent"]\n')
    (tmp_path / "job.jsonc").write_text('{ "run": "true" }\n')
    said = refused(capsys, "lint", str(tmp_path / "job.jsonc"))
    assert "error[missing-plugin]" in said
    assert "pip install gpuspec-plugin-absent" in said


def test_reap_asks_and_nobody_answers(recorded: Run, capsys: pytest.CaptureFixture[str]) -> None:
    assert "error[needs-yes]" in refused(capsys, "reap")


def test_a_run_without_a_log(recorded: Run, capsys: pytest.CaptureFixture[str]) -> None:
    assert "error[no-log]" in refused(capsys, "logs", recorded.id)


def test_a_record_of_a_launcher_that_is_gone(recorded: Run, capsys: pytest.CaptureFixture[str]) -> None:
    record_of(recorded).update(launcher="moon")
    said = refused(capsys, "logs", recorded.id)
    assert "error[unknown-launcher]" in said
    assert "local, skypilot" in said


def test_prices_of_ones_own_that_cannot_be_read_are_said_once_for_all_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("GPUSPEC_DATA_DIR", str(tmp_path))
    (tmp_path / "prices.tsv").write_text("# gpuspec prices 1\nx\n")
    specs = [tmp_path / f"{name}.gpu.jsonc" for name in "ab"]
    for spec in specs:
        spec.write_text('{"gpu_types": ["L4"], "run": "vllm serve meta-llama/Llama-3.1-8B"}\n')
    said = refused(capsys, "lint", *map(str, specs))
    assert said.count("error[price-snapshot-broken]") == 1
    assert "error[internal]" not in said


def test_a_workdir_that_is_a_link(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    spec = tmp_path / "spec"
    (spec / "inside").mkdir(parents=True)
    for name, target in (("out", ".."), ("in", "inside"), ("loop", "loop")):
        (spec / name).symlink_to(target)

    def words(workdir: str, *more: str) -> list[str]:
        job = {"task": "batch", "workdir": workdir, "budget": {"max_hours": 1}, "run": "true"}
        (spec / "job.jsonc").write_text(json.dumps(job))
        return ["run", "--on", "local", *more, str(spec / "job.jsonc")]

    assert "error[workdir-outside]" in refused(capsys, *words("out", "--dry-run"))
    assert "error[no-workdir]" in refused(capsys, *words("loop", "--yes"))
    assert main(words("in", "--dry-run")) == 0
    (tmp_path / "link").symlink_to("spec")  # how one came to the spec is one's own affair
    assert main(["run", "--on", "local", "--dry-run", str(tmp_path / "link" / "job.jsonc")]) == 0
