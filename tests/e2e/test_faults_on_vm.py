"""What breaks while `gpuspec run` uses virtual machines: networks, disks, clients, people. After each there is no
machine without a record, nothing written is lost, and the next command tells the truth. What breaks while a machine
is rented stands in `test_on_vm.py`.

The tests run in the order they stand. `shared` is the machine that the first one rents; jobs that do not need their
own use it, one after the other, and the last test takes it down.
"""

from __future__ import annotations

import hashlib
import os
import signal
import subprocess
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from small_disk import small_disk

from .conftest import brought_up
from .driving import (
    cluster,
    gpuspec,
    heard,
    in_order,
    launch,
    listed,
    record,
    spec,
    start,
    start_run,
    until,
    up,
)
from .vm_stack import GPUS, VMStack

pytestmark = pytest.mark.faults

UNTIL_QUIT = "until [ -e quit ]; do sleep 0.2; done; rm quit"
WEIGHTS = os.urandom(400_000)
BIG = 150_000_000

shared: dict[str, Any] = {}
"""The record of the run that rented the machine."""


@pytest.fixture(scope="module")
def vms() -> Iterator[VMStack]:
    """A stack of its own: this file may run beside the others."""
    yield from brought_up(VMStack, "faults")


class Breaking(BaseHTTPRequestHandler):
    """Serves WEIGHTS: the first time half of it, and the connection breaks once `broken` is set."""

    ranges: list[str | None] = []
    half = threading.Event()
    broken = threading.Event()

    def log_message(self, *_: object) -> None:
        pass

    def do_HEAD(self) -> None:
        self._begin(200, len(WEIGHTS))

    def do_GET(self) -> None:
        asked = self.headers["Range"]
        self.ranges.append(asked)
        begin = int(asked.removeprefix("bytes=").partition("-")[0]) if asked else 0
        if asked:
            self._begin(206, len(WEIGHTS) - begin, f"bytes {begin}-{len(WEIGHTS) - 1}/{len(WEIGHTS)}")
        else:
            self._begin(200, len(WEIGHTS))
        if len(self.ranges) > 1:
            self.wfile.write(WEIGHTS[begin:])
            return
        self.wfile.write(WEIGHTS[: len(WEIGHTS) // 2])
        self.half.set()
        self.broken.wait(300)
        self.close_connection = True

    def _begin(self, status: int, length: int, part: str = "") -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(length))
        self.send_header("Accept-Ranges", "bytes")
        self.send_header("ETag", '"one"')
        if part:
            self.send_header("Content-Range", part)
        self.end_headers()


@pytest.fixture(scope="module")
def job(vms: VMStack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    """What the jobs that share a machine have in common."""
    listening = vms.listen()
    host, port = listening.getsockname()
    server = ThreadingHTTPServer((host, port), Breaking, bind_and_activate=False)
    server.socket.close()
    server.socket = listening
    threading.Thread(target=server.serve_forever, daemon=True).start()
    digest = hashlib.sha256(WEIGHTS).hexdigest()
    file = {
        "strategy": "http",
        "source": f"http://{host}:{port}/weights.bin",
        "target": "models/",
        "sha256": digest,
    }
    yield {
        "folder": tmp_path_factory.mktemp("faults"),
        "name": "faults",
        "gpu_types": GPUS,
        "keep_alive_minutes": 10,
        "downloads": [file],
        "outputs": ["results/"],
    }
    server.shutdown()
    server.server_close()


def told(vms: VMStack, run: str, state: str, message: str = "") -> None:
    """`ps` says this of a run."""
    found = listed(vms, run)
    assert (found["state"], found["message"]) == (state, message)


def begun(client: subprocess.Popen[str]) -> None:
    """Read on, over what the downloads say, to the job's own first line."""
    assert client.stdout
    for line in client.stdout:
        if line == "begun\n":
            return
    raise AssertionError(client.communicate())


def quits(vms: VMStack) -> None:
    vms.on_machine(shared["machine"], "touch sky_workdir/quit")


def test_a_client_killed_in_a_download_and_the_network_cut(vms: VMStack, job: dict[str, Any]) -> None:
    run = "echo begun; mkdir -p results; wc -c <models/weights.bin >results/size; echo set up: $(cat set-up)"
    path = spec(**job, setup=["echo yes >set-up"], run=run)
    job["setup"] = ["echo yes >set-up"]
    with start_run(vms, path) as client:
        assert until(Breaking.half.is_set, 180)
        client.kill()
    shared.update(record(vms))
    name = shared["machine"]
    told(vms, shared["id"], "setup")
    in_order(vms)
    assert cluster(vms, name) == {"autostop": 10, "down": True, "labels": {"gpuspec": shared["id"]}}
    vms.cut(name)
    Breaking.broken.set()  # which nobody there hears of
    vms.mend(name)
    followed = gpuspec(vms, "logs", "-f", shared["id"])
    assert followed.returncode == 0, followed.stderr
    assert followed.stdout.endswith("begun\nset up: yes\n")
    half = len(WEIGHTS) // 2
    assert Breaking.ranges == [None, f"bytes={half}-"]
    assert (job["folder"] / "results" / "size").read_text() == f"{len(WEIGHTS)}\n"
    told(vms, shared["id"], "succeeded")


def test_the_network_cut_in_the_middle_of_a_job(vms: VMStack, job: dict[str, Any]) -> None:
    """Its log has no line twice and none missing, its ports answer again, its results come, and while the machine is
    not reached nobody takes it for one without a job."""
    (job["folder"] / "page").write_text("from the workdir\n")
    server = "python3 -m http.server 8000 >/dev/null 2>&1 & serving=$!; "
    count = "n=0; until [ -e quit ]; do echo $(( n += 1 )); sleep 0.2; done; echo $n >results/n"
    path = spec(**job, ports=[8000], run=f"{server} echo begun; {count}; rm quit; kill $serving")
    with start_run(vms, path) as client:
        heard(client, "forwarded: ")
        run = record(vms)
        assert run["machine"] == shared["machine"]
        begun(client)
        vms.cut(run["machine"])
        heard(client, "ports are not forwarded")
        told(
            vms, run["id"], "running", "its machine cannot be reached just now; its own limit and timer hold"
        )
        in_order(vms)
        for refused in (gpuspec(vms, "stop", run["id"]), gpuspec(vms, "logs", run["id"])):
            assert (refused.returncode, "error[machine-not-up]" in refused.stderr) == (2, True), (
                refused.stderr
            )
        vms.mend(run["machine"])
        heard(client, "forwarded again: http://localhost:8000")
        assert vms.get(8000, "/page") == b"from the workdir\n"
        quits(vms)
        assert client.stdout
        rest = client.stdout.read()  # `communicate` would leave out what was read ahead
    assert client.returncode == 0, rest
    numbers = [int(line) for line in rest.split()]
    assert numbers == list(range(1, len(numbers) + 1))
    assert (job["folder"] / "results" / "n").read_text() == f"{len(numbers)}\n"
    told(vms, run["id"], "succeeded")


def partial(vms: VMStack, run: str) -> list[Path]:
    """What has come of a file that is not whole yet."""
    return [
        each
        for each in (vms.home / "state" / "runs" / run).glob("outputs/.rsync-temporary/*")
        if each.stat().st_size
    ]


def test_the_network_cut_while_results_come(vms: VMStack, job: dict[str, Any]) -> None:
    """The machine is kept and said to be, and the command that is named brings them."""
    big = f"mkdir -p results; head -c {BIG} /dev/urandom >results/big; sha256sum <results/big"
    with start_run(vms, spec(**job, run=f"echo begun; {big}")) as client:
        begun(client)
        run = record(vms)["id"]
        assert until(lambda: partial(vms, run), 60)
        vms.cut(shared["machine"])
        assert not (job["folder"] / "results" / "big").exists()
        client.send_signal(signal.SIGINT)
        assert client.stdout
        digest, (_, errors) = client.stdout.read(), client.communicate()
    assert client.returncode == 130, errors
    assert f"{shared['machine']} is kept for 10 minutes with the results" in errors
    assert f"`gpuspec logs -f {run}`" in errors
    assert not (job["folder"] / "results" / "big").exists()
    vms.mend(shared["machine"])
    assert until(lambda: gpuspec(vms, "logs", "-f", run).returncode == 0)
    whole = (job["folder"] / "results" / "big").read_bytes()
    assert f"{hashlib.sha256(whole).hexdigest()}  -\n" == digest
    assert not (vms.home / "state" / "runs" / run / "outputs").exists()
    (job["folder"] / "results" / "big").unlink()


def test_clients_killed_later(vms: VMStack, job: dict[str, Any]) -> None:
    """One in mid-job, the next while results come."""
    big = f"mkdir -p results; head -c {BIG} /dev/urandom >results/big"
    with start_run(vms, spec(**job, run=f"echo begun; {UNTIL_QUIT}; {big}")) as client:
        begun(client)
        run = record(vms)["id"]
        client.kill()
    told(vms, run, "running")
    quits(vms)
    with start(vms, "logs", "-f", run) as client:
        assert until(lambda: partial(vms, run), 60)
        client.kill()
    told(vms, run, "succeeded")
    assert gpuspec(vms, "logs", "-f", run).returncode == 0
    assert (job["folder"] / "results" / "big").stat().st_size == BIG
    (job["folder"] / "results" / "big").unlink()


def test_the_disk_there_is_full(vms: VMStack, job: dict[str, Any]) -> None:
    full = "sudo mount -t tmpfs -o size=1m,mode=777 tmpfs results"
    run = f"echo begun; mkdir -p results; {full}; echo kept >results/first; head -c 2000000 /dev/zero >results/second"
    done = launch(vms, spec(**job, run=run))
    vms.on_machine(shared["machine"], "sudo umount sky_workdir/results")
    assert done.returncode == 1, done.stderr
    assert "No space left on device" in done.stdout
    assert (job["folder"] / "results" / "first").read_text() == "kept\n"
    told(vms, record(vms)["id"], "failed", "the job failed with exit status 1: see the log above")


def test_the_disk_here_is_full(vms: VMStack, job: dict[str, Any]) -> None:
    runs = vms.home / "state" / "runs"
    small = {**job, "outputs": ["small/"], "run": "mkdir small; head -c 3000000 /dev/urandom >small/third"}
    with small_disk(runs, "1m", must=True):
        done = launch(vms, spec(**small))
        run = record(vms)
        assert done.returncode == 1, done.stderr
        assert "No space left on device" in done.stderr, done.stderr[-1500:]
        assert f"{shared['machine']} is kept for 60 minutes with the results" in done.stderr
        assert cluster(vms, shared["machine"])["autostop"] == 60  # type: ignore[index]
        subprocess.run(["mount", "-o", "remount,size=64m", str(runs)], check=True)
        brought = gpuspec(vms, "logs", "-f", run["id"])
        assert brought.returncode == 0, brought.stderr
    assert (job["folder"] / "small" / "third").stat().st_size == 3_000_000


def test_two_clients_on_one_spec(vms: VMStack, job: dict[str, Any]) -> None:
    """One has the machine that is there, the other rents; each keeps its results."""
    path = spec(**job, run=f"echo begun; mkdir -p results; hostname >results/who; {UNTIL_QUIT}")
    with start_run(vms, path) as one, start_run(vms, path) as two:
        for client in (one, two):
            begun(client)
        names = {line.split()[0].rpartition("-")[0].rpartition("-")[0] for line in vms.machines()}
        assert len(names) == 2
        for name in names:
            vms.on_machine(name, "touch sky_workdir/quit")
        for client in (one, two):
            _, errors = client.communicate()
            assert client.returncode == 0, errors
    (other,) = names - {shared["machine"]}
    came = {each.read_text() for each in (job["folder"] / "results").glob("who*")}
    assert came == {vms.on_machine(name, "hostname") for name in names}
    assert (
        gpuspec(vms, "down", other.rpartition("-")[2]).returncode == 0
    )  # its name ends in the run it was rented for
    assert not up(vms, other)


def test_ctrl_c_in_the_middle_of_a_job_leaves_nothing(vms: VMStack, job: dict[str, Any]) -> None:
    with start_run(
        vms, spec(**job, run="mkdir -p results; echo so far >results/last; echo begun; sleep 600")
    ) as client:
        begun(client)
        client.send_signal(signal.SIGINT)
        _, errors = client.communicate()
    assert client.returncode == 130, errors
    assert (job["folder"] / "results" / "last").read_text() == "so far\n"
    assert vms.machines() == []
    told(vms, record(vms, "faults")["id"], "interrupted", "interrupted")
    in_order(vms)
