"""Nothing that a job started on this machine outlives it, however it went out of sight."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from small_disk import small_disk
from waiting import PATIENCE, until

from gpuspec.errors import UserError
from gpuspec.job.job import Job
from gpuspec.launch import find_launcher, items
from gpuspec.launch.local import processes
from gpuspec.launch.records import Records, log_path, process_start

from .here import NO_PLAN, Driven, launch, settings, state, work

__all__ = ["state", "work"]

HIDING = {
    "session": "setsid bash -c '{}' &",
    "double fork": "(setsid bash -c '({}) &' &)",
    "no environment": "env -i bash -c '{}' &",
    "daemon without environment": "(env -i setsid bash -c '({}) & exit' &) &",
    "deaf": """env -i setsid bash -c 'trap "" TERM; ({})' &""",
}
"""How a process gets out of sight of what started it."""

STAY = "echo $BASHPID >hidden.new; mv hidden.new hidden; while :; do sleep 0.05; done"


def hiding(how: str) -> str:
    return HIDING[how].format(STAY) + "\nuntil [ -e hidden ]; do sleep 0.01; done\ntouch started\n"


def hidden(work: Path) -> str | None:
    """When the process that hides began; None where it is gone."""
    return process_start(int((work / "hidden").read_text()))


@pytest.mark.parametrize(
    ("how", "then"), [*((how, "exit 0") for how in HIDING), ("double fork", "exit 3"), ("deaf", "sleep 600")]
)
def test_it_is_ended_with_the_job(work: Path, monkeypatch: pytest.MonkeyPatch, how: str, then: str) -> None:
    from gpuspec.launch.local import local_launcher

    monkeypatch.setattr(local_launcher, "GRACE_SECONDS", 0.5)
    limit = 8 / 3600 if then == "sleep 600" else None  # time enough to hide on a busy machine
    outcome, _, _ = launch(Job(run=hiding(how) + then), work, max_hours=limit)
    assert outcome.state == {"sleep 600": "timeout", "exit 0": "succeeded", "exit 3": "failed"}[then]
    assert hidden(work) is None


@pytest.mark.parametrize("how", ["no environment", "daemon without environment"])
@pytest.mark.parametrize("end", ["ctrl-c", "killed", "stop"])
def test_it_is_ended_when_the_run_is(tmp_path: Path, work: Path, how: str, end: str) -> None:
    driven = Driven(tmp_path, work, hiding(how) + "sleep 600")
    assert hidden(work) is not None
    if end == "stop":
        find_launcher("local").stop(driven.run)
    else:
        driven.process.send_signal(signal.SIGINT if end == "ctrl-c" else signal.SIGKILL)
    driven.process.communicate(timeout=PATIENCE)
    assert until(lambda: driven.run.state == "interrupted")
    assert hidden(work) is None


@pytest.mark.parametrize("how", ["session", "double fork"])
def test_it_is_found_by_its_mark_when_the_supervisor_was_killed(tmp_path: Path, work: Path, how: str) -> None:
    driven = Driven(tmp_path, work, hiding(how) + "sleep 600")
    assert driven.run.pid is not None
    os.kill(driven.run.pid, signal.SIGKILL)
    driven.process.communicate(timeout=PATIENCE)
    assert driven.run.state == "failed"
    assert hidden(work) is None


def test_what_is_adopted_and_ends_is_not_kept_in_the_table(work: Path) -> None:
    job = Job(
        run="for n in $(seq 50); do (true &); done; touch started; until [ -e go ]; do sleep 0.01; done; exit 7"
    )
    record = Records().new(name="adopts", launcher="local", spec_path="-", workdir=str(work))
    find_launcher("local").launch(job, NO_PLAN, settings(work, detach=True), record)
    assert until((work / "started").exists)
    supervisor = Records().get("adopts").pid

    def dead_children() -> int:
        listed = subprocess.run(
            ["ps", "-o", "stat=", "--ppid", str(supervisor)], capture_output=True, text=True
        )
        return sum(line.startswith("Z") for line in listed.stdout.splitlines())

    assert until(lambda: dead_children() == 0)
    (work / "go").touch()
    assert until(lambda: Records().get("adopts").state == "failed")
    assert Records().get("adopts").exit_code == 7  # that of the command, whoever else was waited for


def test_orphans_of_a_readiness_command_are_not_kept_in_the_table_and_hide_no_others(tmp_path: Path) -> None:
    """It runs in the supervisor's own session, started and waited for by another thread."""
    code = """
import os, subprocess, sys, threading, time
from gpuspec.launch.local.processes import adopt_orphans, reap_adopted

def children():
    listed = subprocess.run(["ps", "-o", "pid=,stat=", "--ppid", str(os.getpid())], capture_output=True, text=True)
    rows = [line.split() for line in listed.stdout.splitlines()]
    return {int(pid) for pid, state in rows if state.startswith("Z")}

adopt_orphans()
asked, go = [], threading.Event()

def ask():
    command = subprocess.Popen(["sh", "-c", "(true &) ; (true &) ; exit 3"])
    asked.append(command.pid)
    go.wait()
    asked.append(command.wait())

thread = threading.Thread(target=ask)
thread.start()
own = subprocess.Popen("for n in $(seq 5); do (true &); done; exit 7", shell=True, start_new_session=True)
while len(children()) < 9:
    pass
for _ in range(2):
    reap_adopted(own.pid)
    assert children() == {own.pid, asked[0]}, children()
go.set()
thread.join()
assert (own.wait(), asked[1]) == (7, 3)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=PATIENCE)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("how", ["closed folder", "broken"])
def test_what_is_said_at_the_end_never_costs_the_result(
    work: Path, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    from gpuspec.launch.local import supervisor

    record = Records().new(name="ends", launcher="local", spec_path="-", workdir=str(work))
    job = {"id": record.run.id, "env": {}, "secrets": [], "workdir": str(work), "outputs": ["out"]}
    job |= {
        "steps": [],
        "gpu": False,
        "least_use": None,
        "detached": True,
        "readiness": None,
        "max_seconds": None,
        "grace": 1.0,
    }
    os.makedirs(os.path.dirname(log_path(record.run.id)), exist_ok=True)
    (work / "out").mkdir()
    listdir = os.listdir

    def closed(path: str = ".") -> list[str]:
        if str(path).endswith("/out"):
            raise PermissionError(13, "Permission denied", path)  # root may read anything
        return listdir(path)

    def broken(*_: object) -> list[str]:
        raise ValueError("broken")

    monkeypatch.setattr(
        *((os, "listdir", closed) if how == "closed folder" else (supervisor, "missing", broken))
    )
    monkeypatch.setattr(supervisor, "adopt_orphans", lambda: None)  # of the tests' own process
    monkeypatch.setattr(supervisor, "end", lambda *_, **__: None)
    monkeypatch.setattr("signal.signal", lambda *_: None)
    with pytest.raises(ValueError, match="broken") if how == "broken" else contextlib.nullcontext():
        supervisor.Supervisor(job).run()
    run = Records().get(record.run.id)
    assert (run.state, run.exit_code) == ("succeeded", 0)


def test_a_log_that_someone_else_holds_open_does_not_keep_a_run_from_its_end(
    work: Path,
) -> None:
    record = Records().new(name="held", launcher="local", spec_path="-", workdir=str(work))
    job = Job(run="echo $$ >pid.new; mv pid.new pid; until [ -e go ]; do sleep 0.01; done")
    find_launcher("local").launch(job, NO_PLAN, settings(work, detach=True), record)
    assert until((work / "pid").exists)
    with open(f"/proc/{(work / 'pid').read_text().strip()}/fd/1", "wb"):
        (work / "go").touch()
        assert until(lambda: Records().get("held").state == "succeeded")
    assert "still holds the log open" in Path(log_path(record.run.id)).read_text()


def test_a_disk_without_room_for_what_the_run_needs_is_said(
    tmp_path: Path, work: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with small_disk(tmp_path / "small", "256k") as disk:
        monkeypatch.setenv("GPUSPEC_STATE_DIR", str(disk))
        with pytest.raises(UserError) as caught:
            launch(Job(run="touch ran", env={"LONG": "x" * 300_000}), work)
    assert caught.value.code == "records-not-written"
    assert caught.value.message.endswith(": No space left on device")
    assert not (work / "ran").exists()


def test_who_descends_from_a_process() -> None:
    code = "import os, subprocess; p = subprocess.Popen(['sleep', '60']); print(p.pid, flush=True); p.wait()"
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        child = int(parent.stdout.readline())
        assert processes.below(parent.pid) == [child]
        assert {parent.pid, child} <= set(processes.below(os.getpid()))
        os.kill(child, signal.SIGKILL)
    assert processes.below(parent.pid) == []


def test_items_that_another_run_took_just_before_are_busy(work: Path) -> None:
    """The setup takes the lock here, after the client has looked."""
    job = Job(items=("a",), run="touch {item}")
    lock = items.status_path(job) + ".lock"
    hold = f"mkdir -p .gpuspec; flock {lock} sh -c 'touch held; sleep 600' & until [ -e held ]; do sleep 0.01; done"
    with pytest.raises(UserError) as caught:
        launch(job._replace(setup=(hold,)), work)
    assert caught.value.code == "items-busy"
    (record,) = Records().all()
    refused = "refused: another run is doing these items: nothing was started"
    assert (record.state, record.exit_code, record.message) == ("failed", 75, refused)
    assert caught.value.message == refused


@pytest.mark.parametrize("items", [None, ("a",)])
def test_a_command_of_the_job_may_end_with_the_same_exit_status(
    items: tuple[str, ...] | None, work: Path
) -> None:
    launch(Job(items=items, run="true {item}; exit 75"), work)
    (record,) = Records().all()
    assert (record.state, record.message) == (
        "failed",
        f"run ended with exit status {75 if items is None else 1}",
    )
    assert not (work / "a").exists()
