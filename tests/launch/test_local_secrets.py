"""What a job on this machine gets of secrets, and what of them is written."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from gpuspec.job.job import Job
from gpuspec.launch import find_launcher
from gpuspec.launch.on_machine.redact import Redactor

from .here import NO_PLAN, launch, settings, state, work

__all__ = ["state", "work"]


def test_a_secret_reaches_the_job_and_nothing_that_is_written(
    work: Path, state: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    canary = "canary-5f0c9e"
    monkeypatch.setenv("TOKEN", canary)
    run = (
        '[ "$TOKEN" = "canary-""5f0c9e" ] && echo reached; echo "t=$TOKEN"; printf canary-5f; sleep 0.1; echo 0c9e\n'
        'tr "\\0" " " < /proc/$PPID/cmdline; printf %s "${TOKEN#????}" | wc -c; exit 3'
    )
    outcome, _, log = launch(Job(run=run, secrets=("TOKEN",)), work)
    assert outcome.exit_code == 3
    assert log.startswith("reached\nt=***\n***\n")
    for path in state.rglob("*"):
        if path.is_file():
            assert canary.encode() not in path.read_bytes(), path
    shown = capfd.readouterr()
    assert canary not in shown.out + shown.err + outcome.message


def test_a_token_that_the_spec_does_not_name_is_masked_and_told(
    work: Path, state: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The job has all of the environment here, and on a rented machine only what `secrets` names."""
    monkeypatch.setenv("HF_TOKEN", "unnamed-5f0c9e")
    monkeypatch.setenv("MY_API_KEY", "other-7a1b")
    monkeypatch.setenv("MAX_TOKENS", "plainly")
    monkeypatch.setenv("PAD_TOKEN", "true")
    monkeypatch.setenv("SSH_KEY", str(work))
    run = 'echo "$HF_TOKEN $MAX_TOKENS $PAD_TOKEN $SSH_KEY"; printenv MY_API_KEY'
    said: list[str] = []
    _, _, log = launch(Job(run=run), work, say=said.append)
    assert log.startswith(f"*** plainly true {work}\n***\n")
    for path in state.rglob("*"):
        assert not path.is_file() or b"5f0c9e" not in path.read_bytes(), path
    told = [line for line in said if "rented machine" in line]
    assert [line.partition(":")[0] for line in told] == ["HF_TOKEN, MY_API_KEY"]
    said.clear()
    find_launcher("local").check(
        Job(run=run, secrets=("HF_TOKEN",), env={"MY_API_KEY": "x"}),
        NO_PLAN,
        settings(work, say=said.append),
    )
    assert not [line for line in said if "rented machine" in line]


def test_a_secret_of_several_lines_is_masked_line_by_line_and_encoded(
    work: Path, state: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = ["MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcw", "VJTUt9Us8cKjMzEfYyjiWA4R4/M2bS1GB4t7"]
    monkeypatch.setenv("KEY_FILE", "\n".join(lines) + "\n")
    run = 'echo "$KEY_FILE" | sed "s/^/key: /"; printf %q "$KEY_FILE"; printf %s "$KEY_FILE" | base64 -w0; exit 3'
    _, found, log = launch(Job(run=run, secrets=("KEY_FILE",)), work)
    assert log.startswith("key: ***\nkey: ***\n")
    assert found.exit_code == 3
    for path in state.rglob("*"):
        for line in (*lines, "TUlJRXZRSUJBREFOQmdrcWhraUc5dzBCQVFFRkFBU0NCS2N3"):  # base64 of the first
            assert not path.is_file() or line.encode() not in path.read_bytes(), path


@pytest.mark.parametrize("cut", range(16))
def test_a_secret_cut_in_two_is_masked(cut: int) -> None:
    redactor = Redactor(["canary-5f", "canary-5f0c", "ab", "y ab-"])
    text = b"x canary-5f0c y ab"
    assert redactor.feed(text[:cut]) + redactor.feed(text[cut:]) + redactor.rest() == b"x *** y ab"


def test_files_of_a_run_are_for_its_owner_only(work: Path, state: Path) -> None:
    launch(Job(run="true"), work)
    assert stat.S_IMODE((state / "runs.sqlite3").stat().st_mode) == 0o600
    for folder in (state, state / "runs", *(state / "runs").iterdir()):
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700, folder
