"""`gpuspec attach` over records made by hand, and `gpuspec run --shards` on this machine."""

from __future__ import annotations

import io
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from waiting import PATIENCE, until

from gpuspec.cli import shards
from gpuspec.launch.records import Records


@pytest.fixture(autouse=True)
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GPUSPEC_STATE_DIR", str(tmp_path / "state"))
    monkeypatch.setenv("HOME", str(tmp_path))


def gpuspec(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "gpuspec", *arguments]
    return subprocess.run(command, capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=PATIENCE)


def going(launcher: str, **more: Any) -> str:
    fields = {"name": "x", "launcher": launcher, "spec_path": "-", "workdir": "/", "state": "running", **more}
    return Records().new(**fields).run.id


def test_what_runs_here_listens_here() -> None:
    done = gpuspec("attach", going("local", ports="8000 8265"))
    assert done.returncode == 0
    assert "http://localhost:8000 http://localhost:8265" in done.stderr


def test_a_run_that_is_over_has_nothing_to_attach_to() -> None:
    done = gpuspec("attach", going("local", state="succeeded"))
    assert (done.returncode, done.stderr.split("is over: ")[1]) == (1, "succeeded\n")


def test_what_cannot_be_forwarded_is_said() -> None:
    none = gpuspec("attach", going("skypilot", machine="gs-x"))
    assert (none.returncode, "error[no-ports]" in none.stderr) == (2, True)
    gone = gpuspec("attach", going("skypilot", ports="8000"))
    assert (gone.returncode, "error[machine-gone]" in gone.stderr) == (2, True)


@pytest.mark.skipif(shutil.which("ssh") is None, reason="no ssh here")
def test_a_machine_that_ssh_does_not_reach() -> None:
    done = gpuspec("attach", going("skypilot", machine="gs-x", ports="8000"))  # no ssh settings of that name
    assert done.returncode == 1
    assert "error[not-forwarded]: ssh to gs-x ended: " in done.stderr


SSH = f"""#!{sys.executable}
import http.server, sys, threading
class Asks(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(401)
        self.send_header("WWW-Authenticate", "Basic")
        self.end_headers()
    def log_message(self, *words):
        pass
port = int(next(word for word in sys.argv if word.startswith("127.0.0.1:")).split(":")[1])
server = http.server.HTTPServer(("127.0.0.1", port), Asks)
threading.Thread(target=server.serve_forever, daemon=True).start()
print("up", flush=True)
sys.stdin.read()
"""
"""ssh that forwards a port to a service which wants a password."""


def test_a_service_that_asks_who_attaches_is_said_to_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A run's record keeps no password: every second it was asked again, "waiting for …: HTTP 401"."""
    (tmp_path / "ssh").write_text(SSH)
    (tmp_path / "ssh").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    run = going("skypilot", machine="gs-x", ports=str(port), ready=f"http://localhost:{port}/health")
    command = [sys.executable, "-m", "gpuspec", "attach", run]
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) as attached:
        assert attached.stderr
        assert attached.stderr.readline() == f"forwarded: http://localhost:{port}\n"
        said = attached.stderr.readline()
        attached.send_signal(signal.SIGINT)
        rest = attached.stderr.read()
    assert said.startswith(f"http://localhost:{port}/health answers, and asks who you are (HTTP 401).")
    assert "open it with those of the spec's `readiness.http`" in said
    assert "HTTP 401" not in rest


def spec(folder: Path, **fields: Any) -> str:
    job = {"name": "parts", "task": "batch", "keep_alive_minutes": 3, "budget": {"max_hours": 1}, **fields}
    (folder / "job.jsonc").write_text(json.dumps(job))
    return str(folder / "job.jsonc")


def test_shards_do_every_item_once_and_say_which_they_are(tmp_path: Path) -> None:
    path = spec(
        tmp_path, items=["a", "b", "c"], run="echo {item} >> {item}.txt; [ {item} != b ] || [ -e mended ]"
    )
    done = gpuspec("run", path, "--on", "local", "--yes", "--shards", "2")
    assert done.returncode == 1, done.stderr
    assert "[1/2] items: 2 of 2 done" in done.stdout  # a, c
    assert "[2/2] items: 0 of 1 done" in done.stdout  # b
    (tmp_path / "mended").touch()
    again = gpuspec("run", path, "--on", "local", "--yes", "--shards", "2", "--resume")
    assert again.returncode == 0, again.stdout + again.stderr
    times = {name: (tmp_path / f"{name}.txt").read_text().count(name) for name in "abc"}
    assert times == {"a": 1, "b": 2, "c": 1}
    assert len(Records().all()) == 4


def done_by(folder: Path, path: str, *options: str) -> str:
    """The items that a run does, in order of their names."""
    (folder / "log").write_text("")
    gpuspec("run", path, "--on", "local", "--yes", *options)
    return "".join(sorted((folder / "log").read_text().split()))


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_what_ends_the_launch_of_parts_ends_every_part(tmp_path: Path, number: signal.Signals) -> None:
    path = spec(tmp_path, items=["a", "b"], run="touch {item}.began; sleep 600")
    with subprocess.Popen(
        [sys.executable, "-m", "gpuspec", "run", path, "--on", "local", "--yes", "--shards", "2"],
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_DFL),
    ) as process:  # fmt: skip
        try:
            until(lambda: len(list(tmp_path.glob("*.began"))) == 2)
            process.send_signal(number)
            assert process.wait(PATIENCE) == 130
        finally:
            process.kill()
    assert [run.state for run in Records().all()] == ["interrupted", "interrupted"]


def test_shards_that_begin_anew_pass_over_nothing(tmp_path: Path) -> None:
    """Not even what another part had done of a list in another order."""
    run = "echo {item} >> log"
    assert done_by(tmp_path, spec(tmp_path, items=["a", "b"], run=run), "--shards", "2") == "ab"
    assert done_by(tmp_path, spec(tmp_path, items=["b", "a"], run=run), "--shards", "2") == "ab"


def test_resume_knows_what_other_parts_have_done(tmp_path: Path) -> None:
    path = spec(tmp_path, items=list("abcdef"), run="echo {item} >> log; [ {item} != c ] || [ -e mended ]")
    assert done_by(tmp_path, path, "--shards", "2") == "abcdef"
    assert done_by(tmp_path, path, "--resume") == "c"
    assert done_by(tmp_path, path, "--resume", "--shards", "3") == "c"
    (tmp_path / "mended").touch()
    assert done_by(tmp_path, path, "--resume", "--shards", "2") == "c"
    assert done_by(tmp_path, path, "--resume") == ""
    (tmp_path / "mended").unlink()
    assert done_by(tmp_path, path) == "abcdef"  # anew: what was known counts no more
    assert done_by(tmp_path, path, "--resume", "--shards", "2") == "c"
    assert done_by(tmp_path, path, "--shards", "2") == "abcdef"
    assert done_by(tmp_path, path, "--resume") == "c"


@pytest.mark.parametrize(
    ("fields", "options"),
    [
        ({"items": ["a"], "run": "echo {item}"}, ("--shards", "2")),
        ({"run": "true"}, ("--shards", "2")),
        ({"items": ["a"], "run": "echo {item}"}, ("--shard", "3/2")),
    ],
)
def test_shards_that_cannot_be(tmp_path: Path, fields: dict[str, Any], options: tuple[str, ...]) -> None:
    done = gpuspec("run", spec(tmp_path, **fields), "--on", "local", "--yes", *options)
    assert done.returncode == 2
    assert "error[bad-shards]" in done.stderr
    assert not Records().all()


@pytest.mark.parametrize("out", ["pipe", "/dev/full"])
def test_shards_go_on_where_their_lines_have_no_reader(tmp_path: Path, out: str) -> None:
    """More than a pipe (64 KiB) and its buffers hold, from each part."""
    lines = "i=0; while [ $i -lt 9000 ]; do echo a line of some text to fill pipes; i=$((i+1)); done"
    path = spec(tmp_path, items=["a", "b"], run=f"{lines}; touch {{item}}.done")
    command = [sys.executable, "-m", "gpuspec", "run", path, "--on", "local", "--yes", "--shards", "2"]
    if out == "pipe":
        reader, writer = os.pipe()
        os.close(reader)
    else:
        writer = os.open(out, os.O_WRONLY)
    try:
        subprocess.run(command, stdout=writer, stderr=subprocess.DEVNULL, timeout=PATIENCE)
    finally:
        os.close(writer)
    assert sorted(path.name for path in tmp_path.glob("*.done")) == ["a.done", "b.done"]


def test_a_part_s_lines_are_shown_whole_and_none_is_longer_than_a_mebibyte(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(shards, "LONGEST", 4)
    out = io.StringIO()
    shards._copy("[1/2] ", io.StringIO("ab\nabcdef\n\nend"), out)
    assert out.getvalue() == "[1/2] ab\n[1/2] abcd\n[1/2] ef\n[1/2] \n[1/2] end\n"


@pytest.mark.parametrize("words", [("--shard", "3/3"), ("--shards", "2", "--shard", "1/2")])
def test_parts_that_hold_nothing_or_two_ways_to_part_are_refused(
    tmp_path: Path, words: tuple[str, ...]
) -> None:
    path = spec(tmp_path, items=["a", "b"], run="echo {item} >> log")
    done = gpuspec("run", path, "--on", "local", "--yes", *words)
    assert (done.returncode, "error[bad-shards]" in done.stderr) == (2, True)
    assert not (tmp_path / "log").exists()
