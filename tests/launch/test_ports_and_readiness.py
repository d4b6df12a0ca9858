"""Ports and readiness of a rented machine, over a stand-in for ssh; the real one is in tests/e2e."""

from __future__ import annotations

import http.server
import os
import re
import signal
import subprocess
import sys
import threading
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from waiting import PATIENCE, until
from webserver import Site

from gpuspec.errors import UserError
from gpuspec.job.job import Job, Port, Readiness
from gpuspec.launch import RunSettings, find_launcher
from gpuspec.launch.on_machine.readiness import LINES, Unreachable, Watch, ask_command, ask_http, last_lines
from gpuspec.launch.skypilot.job_log import Discard, JobLog
from gpuspec.launch.skypilot.job_script import COMMAND_BEGINS
from gpuspec.launch.skypilot.ports_and_readiness import PortsAndReadiness, forwarded_ports
from gpuspec.launch.skypilot.ports_and_readiness import ssh as by_ssh
from gpuspec.launch.tunnel import Tunnel

from .test_skypilot_task import job as rented
from .test_skypilot_task import made, planned

SSH = f"""#!{sys.executable}
import os, subprocess, sys
folder = os.path.dirname(os.path.abspath(__file__))
with open(folder + "/calls", "a") as out:
    out.write(repr(sys.argv[1:]) + "\\n")
if os.path.exists(folder + "/refuses"):
    sys.exit("bind [127.0.0.1]:8000: Address already in use")
if "-L" not in sys.argv:
    sys.exit(subprocess.call(["sh", "-c", sys.argv[-1]], cwd=folder))
with open(folder + "/pid", "w") as out:
    out.write(str(os.getpid()))
print("up", flush=True)
sys.stdin.read()
"""
"""ssh as far as a tunnel sees it: says that it is up, lasts as long as its standard input; runs commands here."""


@pytest.fixture
def ssh(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder where a machine of that ssh lives."""
    folder = tmp_path / "ssh"
    folder.mkdir()
    (folder / "ssh").write_text(SSH)
    (folder / "ssh").chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")
    return folder


def alive(pid: int) -> bool:
    try:
        return "Z" not in Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False


def test_what_is_to_answer_here() -> None:
    served = {"ports": (Port(8000), Port(8265, public=True))}
    assert forwarded_ports(Job(**served), settings([])) == (8000, 8265)
    for address, found in (
        ("http://localhost:8000/health", (8000, 8265)),
        ("http://127.0.0.1:9000/", (8000, 8265, 9000)),
        ("http://localhost/", (8000, 8265, 80)),
        ("https://example.com/up", (8000, 8265)),
    ):
        assert forwarded_ports(Job(**served, readiness=Readiness(http=address)), settings([])) == found
    assert forwarded_ports(Job(readiness=Readiness(command=("true",))), settings([])) == ()


def settings(said: list[str], **more: Any) -> RunSettings:
    return RunSettings("-", "/", say=said.append, **more)


def test_ports_are_forwarded_where_somebody_is_there_to_use_them() -> None:
    server = Job(ports=(Port(8000),))
    ready = server._replace(readiness=Readiness(http="http://localhost:8000/"))
    assert forwarded_ports(server, settings([])) == (8000,)
    assert forwarded_ports(server, settings([], detach=True)) == ()
    assert forwarded_ports(ready, settings([], detach=True)) == (8000,)
    assert forwarded_ports(ready, settings([], shard=(1, 2))) == ()


def test_a_port_that_is_taken_here_is_said_before_a_cent_is_spent(site: Site, tmp_path: Path) -> None:
    port = site.port
    server = rented("RTX A6000", ports=(Port(port),))
    with pytest.raises(UserError) as caught:
        find_launcher("skypilot").check(server, planned(server), RunSettings("-", str(tmp_path)))
    assert caught.value.code == "port-in-use"
    assert caught.value.message == f"port {port} on this machine: Address already in use"


# The tunnel


def test_a_tunnel_that_breaks_is_made_again(ssh: Path) -> None:
    said: list[str] = []
    tunnel = Tunnel(partial(by_ssh, "gs-x"), (8000, 8265), said.append)
    tunnel.start()
    try:
        assert tunnel.up.wait(PATIENCE)
        first = int((ssh / "pid").read_text())
        os.kill(first, signal.SIGKILL)
        assert until(lambda: (ssh / "pid").read_text() not in ("", str(first)) and tunnel.up.is_set())
    finally:
        tunnel.close()
    tunnel.join(PATIENCE)
    assert until(lambda: not alive(int((ssh / "pid").read_text())))
    assert said == [
        "forwarded: http://localhost:8000, http://localhost:8265",
        "ports are not forwarded (the connection ended); trying again …",
        "forwarded again: http://localhost:8000, http://localhost:8265",
    ]
    call = (ssh / "calls").read_text()
    assert "'127.0.0.1:8000:localhost:8000'" in call
    assert "ControlPath=none" in call


def test_a_tunnel_that_cannot_be_says_why_once(ssh: Path) -> None:
    (ssh / "refuses").touch()
    said: list[str] = []
    tunnel = Tunnel(partial(by_ssh, "gs-x"), (8000,), said.append)
    tunnel.start()
    assert until(lambda: (ssh / "calls").exists() and len((ssh / "calls").read_text().splitlines()) > 1)
    (ssh / "refuses").unlink()
    assert tunnel.up.wait(PATIENCE)
    tunnel.close()
    assert said == [
        "ports are not forwarded (bind [127.0.0.1]:8000: Address already in use); trying again …",
        "forwarded again: http://localhost:8000",
    ]


def test_a_client_that_is_killed_leaves_no_ssh(ssh: Path) -> None:
    code = (
        "from functools import partial\n"
        "from gpuspec.launch.skypilot.ports_and_readiness import ssh\n"
        "from gpuspec.launch.tunnel import Tunnel\n"
        "tunnel = Tunnel(partial(ssh, 'gs-x'), (8000,), print); tunnel.start(); tunnel.join()"
    )
    with subprocess.Popen([sys.executable, "-u", "-c", code], stdout=subprocess.PIPE, text=True) as client:
        assert client.stdout
        assert client.stdout.readline() == "forwarded: http://localhost:8000\n"
        client.kill()
    assert until(lambda: not alive(int((ssh / "pid").read_text())))


# Readiness


class Reached:
    """A job on a machine behind the stand-in ssh, and what was said and done."""

    def __init__(self, wanted: Readiness, **more: Any) -> None:
        self.said: list[str] = []
        self.ended = 0
        self.log = JobLog(Discard(), Discard())
        job = Job(readiness=wanted, **more)
        self.readiness = PortsAndReadiness(
            job, settings(self.said), machine="gs-x", workdir="cd .", log=self.log, end_job=self._end
        )
        self.readiness.start()

    def _end(self) -> None:
        self.ended += 1

    def begin(self, *lines: str) -> None:
        self.log.write("".join(f"(x, pid=1) {line}\n" for line in (COMMAND_BEGINS, *lines)))


def test_a_service_is_ready_when_it_answers_and_is_not_asked_during_setup(ssh: Path, site: Site) -> None:
    one = Reached(Readiness(http=f"{site.url}/health", timeout=PATIENCE, interval=0.01))
    assert until(lambda: one.said)  # the tunnel is up
    assert site.requests == []
    one.begin()
    assert until(lambda: site.requests)
    assert not one.readiness.settled.is_set()
    site.files["/health"] = b"ok"
    assert one.readiness.settled.wait(PATIENCE)
    one.readiness.close()
    assert [re.sub(r"\d+ s", "N s", line) for line in one.said[1:]] == [f"ready after N s: {site.url}/health"]
    assert (one.readiness.failure, one.ended) == ("", 0)


def test_one_that_never_is_shows_the_end_of_its_log_and_is_ended(ssh: Path, site: Site) -> None:
    one = Reached(Readiness(http=f"{site.url}/health", timeout=0.05, interval=0.01))
    assert until(lambda: one.said)
    one.begin(*(f"line {number}" for number in range(1, 31)))
    assert one.readiness.settled.wait(PATIENCE)
    one.readiness.close()
    why = f"not ready within 0.05 s ({site.url}/health: HTTP 404)"
    tail = ["the last 20 lines of its log:", *(f"  line {number}" for number in range(11, 31))]
    assert one.said[1:] == [*tail, f"{why}: ending the job"]
    assert (one.readiness.failure, one.ended) == (why, 1)


def test_a_password_in_the_address_is_sent_and_never_shown() -> None:
    asked: list[str | None] = []

    class Guarded(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.headers["Authorization"])
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with http.server.HTTPServer(("127.0.0.1", 0), Guarded) as server:
        threading.Thread(target=server.handle_request, daemon=True).start()
        address = f"http://bob:Url%40Pw77@127.0.0.1:{server.server_port}/health"
        assert ask_http(address, PATIENCE) is None
    assert asked == ["Basic Ym9iOlVybEBQdzc3"]  # printf bob:Url@Pw77 | base64
    said: list[str] = []
    watch = Watch({"http": address, "timeout": 0.001}, lambda: "HTTP 503", said.append)
    watch.run()
    assert watch.failure
    assert "http://127.0.0.1:" in watch.failure
    assert "Pw77" not in watch.failure
    watch = Watch({"http": address}, lambda: None, said.append)
    watch.run()
    assert "http://127.0.0.1:" in said[0]
    assert "bob" not in said[0]


def test_a_process_that_a_readiness_command_leaves_behind_is_not_waited_for(tmp_path: Path) -> None:
    """It held the pipes that were read, so that success looked like time that was up; and all that a command writes
    was kept in memory."""
    assert ask_command(["bash", "-c", "sleep 600 & echo $! > pid"], PATIENCE / 2, cwd=tmp_path) is None
    os.kill(int((tmp_path / "pid").read_text()), signal.SIGKILL)
    to_null = "for fd in 0 1 2; do [[ /proc/self/fd/$fd -ef /dev/null ]] || exit 3; done"
    assert ask_command(["bash", "-c", to_null], PATIENCE) is None


def test_readiness_by_command_is_asked_on_the_machine_with_the_jobs_environment(ssh: Path) -> None:
    wanted = Readiness(command=("sh", "-c", 'test "$MODE" = "a b" -a -e up'), timeout=PATIENCE, interval=0.01)
    one = Reached(wanted, env={"MODE": "a b"})
    one.begin()
    assert until(lambda: (ssh / "calls").exists())
    assert not one.readiness.settled.is_set()
    (ssh / "up").touch()
    assert one.readiness.settled.wait(PATIENCE)
    one.readiness.close()
    assert one.readiness.failure == ""


def test_a_job_that_could_not_be_ended_is_said_to_go_on(ssh: Path) -> None:
    one = Reached(Readiness(command=("false",), timeout=0.01, interval=0.01))

    def gone() -> None:
        raise UserError("api-server-down", "no answer", None)

    one.readiness.end_job = gone
    one.begin()
    assert one.readiness.settled.wait(PATIENCE)
    one.readiness.close()
    assert one.readiness.failure.endswith("ending the job failed (no answer): its own limit and timer end it")
    assert one.said[0] == "the job wrote nothing to its log"


def test_time_in_which_nobody_can_tell_does_not_count() -> None:
    tries = 0

    def ask() -> str | None:
        nonlocal tries
        tries += 1
        if tries < 20:
            raise Unreachable("ssh does not reach the machine")
        return None

    said: list[str] = []
    watch = Watch({"http": "http://x", "timeout": 0.02, "interval": 0.01}, ask, said.append)
    watch.run()
    assert (watch.ready, watch.failure, tries) == (True, None, 20)


def test_a_forwarded_port_behind_which_nothing_listens() -> None:
    import socket

    with socket.create_server(("127.0.0.1", 0)) as listening:

        def hang_up() -> None:
            listening.accept()[0].close()

        threading.Thread(target=hang_up).start()
        assert ask_http(f"http://127.0.0.1:{listening.getsockname()[1]}/", 5) == "nothing answers there"


def test_a_service_here_is_not_asked_through_a_proxy(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    site.files["/health"] = b"well"
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    monkeypatch.delenv("no_proxy", raising=False)
    assert ask_http(f"http://127.0.0.1:{site.port}/health", 5) is None
    assert ask_http("http://hub.invalid/health", 5) == "[Errno 111] Connection refused"  # by the proxy


def test_the_end_of_a_log() -> None:
    assert last_lines([]) == ["the job wrote nothing to its log"]
    assert last_lines(["10 %\r\x1b[32mone\x1b[0m\r\n"]) == ["the last line of its log:", "  one"]
    assert len(last_lines(str(number) for number in range(100))) == LINES + 1


def test_the_command_says_that_it_begins_where_somebody_waits_for_it() -> None:
    assert COMMAND_BEGINS not in made(rented("RTX A6000"))["run"]
    assert made(rented("RTX A6000", readiness=Readiness(command=("true",))))["run"].startswith(
        f'echo "{COMMAND_BEGINS}" >&2\n'
    )
