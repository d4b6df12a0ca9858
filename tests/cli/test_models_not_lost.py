"""What `gpuspec models add` wrote is there, and what it says that it wrote is true, whatever happens beside it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from fake_hub import Answer, FakeHub, with_qwen

from gpuspec.cli.main import main

LOCK = Path("gpuspec.models.json")


def kept() -> list[str]:
    return list(json.loads(LOCK.read_text())["models"])


def test_commands_at_the_same_time_keep_each_other_s_models(hub: FakeHub, tmp_path: Path) -> None:
    names = [f"acme/Foo-{letter}" for letter in "abcdef"]
    for name in names:
        with_qwen(hub, name)
    environment = {**os.environ, "HF_ENDPOINT": hub.url, "HF_HOME": str(tmp_path)}
    command = [sys.executable, "-m", "gpuspec", "models", "add"]
    started = [
        subprocess.Popen([*command, name], env=environment, stdout=subprocess.DEVNULL) for name in names
    ]
    assert [each.wait() for each in started] == [0] * len(names)
    assert kept() == names
    users = json.loads((tmp_path / "data" / "models.json").read_text())
    assert sorted(users["models"]) == names


def test_what_was_told_is_kept_when_it_is_interrupted(
    hub: FakeHub, capsys: pytest.CaptureFixture[str]
) -> None:
    with_qwen(hub, "acme/Foo-a")
    with_qwen(hub, "acme/Foo-b")

    seen: list[tuple[str, list[str]]] = []

    def meanwhile() -> Answer:
        seen.append((capsys.readouterr().out, kept()))
        return Answer(404)

    hub.instead[hub.listing("acme/Foo-b")] = meanwhile
    assert main(["models", "add", "acme/Foo-a", "acme/Foo-b"]) == 2
    ((told, there),) = seen
    assert told.startswith("added      acme/Foo-a")
    assert there == ["acme/Foo-a"]


def test_nothing_is_told_as_added_that_could_not_be_written(
    hub: FakeHub, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def full(path: str, data: bytes) -> None:
        raise OSError(28, "No space left on device", path)

    with_qwen(hub, "acme/Foo-a")
    monkeypatch.setattr("gpuspec.catalog.kept_models.atomic_write", full)
    assert main(["models", "add", "acme/Foo-a"]) == 2
    told = capsys.readouterr()
    assert told.out == ""
    assert "error[cannot-write]" in told.err
    assert "No space left on device" in told.err


def test_where_the_user_s_folder_cannot_be_written_the_project_s_file_is(
    hub: FakeHub, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("GPUSPEC_DATA_DIR", str(tmp_path / "file" / "data"))
    with_qwen(hub, "acme/Foo-a")
    assert main(["models", "acme/Foo-a", "--online"]) == 0
    assert "0.596 B" in capsys.readouterr().out
    assert main(["models", "add", "acme/Foo-a"]) == 0
    assert kept() == ["acme/Foo-a"]


def test_of_a_model_that_was_named_nobody_says_that_none_was(
    hub: FakeHub, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["models", "add", "acme/None"]) == 2
    assert capsys.readouterr().out == ""
