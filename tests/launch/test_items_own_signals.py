"""A command that signals its whole process group ends itself alone; a signal from anybody else ends the run."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from waiting import PATIENCE, until

from gpuspec.job import Job
from gpuspec.launch import items

from .test_items_interrupted import EACH, finish, start

STATUS = ".gpuspec/items-0123456789ab.jsonl"


def ends(folder: Path) -> dict[str, int]:
    lines = (folder / STATUS).read_text().splitlines()
    return {entry["item"]: entry["exit"] for entry in map(json.loads, lines)}


def run(folder: Path, job: Job) -> tuple[int, str]:
    wanted = items.manifest(job, ("a", "b", "c"), STATUS, fresh=False)
    runner = subprocess.Popen(
        items.local_command(wanted, str(folder)),
        cwd=folder,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    return finish(runner)


@pytest.mark.parametrize(
    "how",
    [
        'trap "kill 0" EXIT',
        "(kill 0)",
        "kill -INT 0",
        "kill -HUP 0",
        "env -i bash -c 'kill -- -$(ps -o pgid= $$ | tr -d \" \")'",
    ],
)
def test_an_item_that_signals_its_group_costs_only_itself(tmp_path: Path, how: str) -> None:
    code, said = run(
        tmp_path,
        Job(
            run=f"[ {{item}} != a ] || {{ {how}; sleep 600; }}".replace(
                '{ trap "kill 0" EXIT; sleep 600; }', 'trap "kill 0" EXIT'
            )
        ),
    )
    found = ends(tmp_path)
    assert (code, found.pop("a") != 0) == (1, True), said
    assert found == {"b": 0, "c": 0}


def test_a_command_for_all_that_signals_its_group_at_its_end_has_noted_what_it_did(tmp_path: Path) -> None:
    code, said = run(
        tmp_path, Job(run='trap "trap - TERM; kill 0" EXIT; echo a >>"$GPUSPEC_ITEMS_DONE"; sleep 600 &')
    )
    found = ends(tmp_path)
    assert (code, found.pop("a")) == (1, 0), said
    assert set(found) == {"b", "c"}
    assert "2 not done: 'b', 'c'" in said


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
@pytest.mark.parametrize("whole", [True, False])
def test_a_signal_of_anybody_else_ends_the_run(tmp_path: Path, number: int, whole: bool) -> None:
    runner = start(EACH, tmp_path)
    until((tmp_path / "stuck").exists)
    (os.killpg if whole else os.kill)(runner.pid, number)
    assert runner.wait(PATIENCE) == -number  # its pipe may be held by a command that was not told
    (tmp_path / "go").touch()
    assert finish(start(EACH, tmp_path, resume=True))[0] == 0
    assert (tmp_path / "began").read_text().split() == ["a", "ab", "c", "c"]


def test_commands_start_with_no_signal_held_back(tmp_path: Path) -> None:
    run(tmp_path, Job(run="grep SigBlk /proc/self/status >{item}"))
    assert (tmp_path / "a").read_text().split() == ["SigBlk:", "0" * 16]


def test_time_limits_of_coreutils_end_the_command_too(tmp_path: Path) -> None:
    wanted = items.manifest(Job(run="echo $$ >{item}; exec sleep 600"), ("a",), STATUS, fresh=False)
    command = items.local_command(wanted, str(tmp_path))
    limited = subprocess.Popen(["timeout", "--kill-after=60", "600", *command], cwd=tmp_path)
    until(lambda: (tmp_path / "a").exists() and (tmp_path / "a").read_text().endswith("\n"))
    os.kill(limited.pid, signal.SIGTERM)  # as when its time is up: it passes it on to its group
    limited.wait(PATIENCE)
    pid = int((tmp_path / "a").read_text())
    assert until(lambda: not os.path.exists(f"/proc/{pid}") or " Z " in Path(f"/proc/{pid}/stat").read_text())


pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="tells the sender by /proc")
