"""`gpuspec run` on virtual machines of a fake Lambda Cloud, with real ssh to each: failover, ports, readiness,
attach, a machine that takes itself down; Ctrl-C and a killed server while it rents.

The tests run in the order they stand and share two machines: `left` was rented by the first test and goes by itself;
the others use one of their own, one after the other, until one takes it down.
"""

from __future__ import annotations

import json
import os
import re
import signal
import sqlite3
import subprocess
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest

from .driving import (
    cluster,
    gpuspec,
    heard,
    in_order,
    launch,
    listed,
    nvidia_smi,
    record,
    spec,
    start,
    start_run,
    until,
    up,
)
from .killed_items import TOGETHER, at_most_one_is_done_twice
from .vm_stack import GPUS, VMStack

pytestmark = pytest.mark.e2e

UNTIL_QUIT = "python3 -m http.server {} 2>&1 & while [ ! -e quit ]; do sleep 0.2; done; kill $!; rm quit"

left: dict[str, Any] = {}
"""What is known of the machine that the first test leaves to its timer."""


def answers(vms: VMStack, port: int, path: str = "/", **more: Any) -> bytes | None:
    try:
        return vms.get(port, path, **more)
    except OSError:
        return None


@pytest.fixture(scope="module")
def job(tmp_path_factory: pytest.TempPathFactory, vm_site: str) -> dict[str, Any]:
    """What the jobs that share a machine have in common."""
    folder = tmp_path_factory.mktemp("service")
    (folder / "page").write_text("from the workdir\n")
    return {
        "folder": folder,
        "name": "service",
        "task": "serve",
        "gpu_types": GPUS,
        "keep_alive_minutes": 10,
        "downloads": [{"strategy": "http", "source": f"{vm_site}/weights.bin", "target": "models/"}],
        "setup": ["echo once >> setups.txt"],
        "ports": [8000],
    }


def test_sold_out_fails_over_and_only_a_public_port_is_opened(vms: VMStack, tmp_path: Path) -> None:
    vms.sell_out("gpu_1x_rtx6000")
    path = spec(
        tmp_path,
        gpu_types=GPUS,
        keep_alive_minutes=2,
        ports=[{"port": 8081, "public": True}, 8082],
        readiness={"http": "http://localhost:8081/gpu.jsonc", "timeout": 60, "interval": 0.2},
        run=UNTIL_QUIT.format(8081),
    )
    done = launch(vms, path, "--detach")
    vms.sell_out()
    run = record(vms)
    assert done.returncode == 0, done.stderr
    assert "ready after " in done.stderr
    assert (run["state"], run["gpu"], run["instance"]) == ("running", "A10", "gpu_1x_a10")
    assert (run["planned_price"], run["actual_price"]) == (0.5, 0.75)
    assert cluster(vms, run["machine"]) == {"autostop": 2, "down": True, "labels": {"gpuspec": run["id"]}}
    assert vms.firewall() == [[8081, 8081]]
    assert '"e2e"' in vms.get(8081, "/gpu.jsonc", address=address_of(vms, run)).decode()
    vms.on_machine(run["machine"], "touch sky_workdir/quit")
    # Asked before its timer fires: else how it ended is lost with its machine, and `reap` has something to say.
    assert until(lambda: listed(vms, run["id"])["state"] == "succeeded")
    left.update(run, finished=time.monotonic())


def address_of(vms: VMStack, run: dict[str, Any]) -> str:
    (line,) = (line for line in vms.machines() if line.startswith(run["machine"]))
    return line.split()[2]


def test_a_service_answers_on_localhost_while_it_is_followed_and_when_attached(
    vms: VMStack, job: dict[str, Any], served: list[int]
) -> None:
    ready = {"http": "http://localhost:8000/page", "timeout": 60, "interval": 0.2}
    path = spec(**job, readiness=ready, run=f"wc -c < models/weights.bin; {UNTIL_QUIT.format(8000)}")
    before = sum(served)
    with start_run(vms, path) as client:
        said = heard(client, "ready after ")
        assert "forwarded: http://localhost:8000\n" in said
        run = record(vms)
        assert (run["gpu"], run["actual_price"]) == ("RTX6000", 0.5)
        assert vms.get(8000, "/page") == b"from the workdir\n"
        # through ssh, and no other way
        assert [8000, 8000] not in vms.firewall()
        assert answers(vms, 8000, "/page", address=address_of(vms, run), timeout=2) is None
        second = gpuspec(vms, "attach", run["id"])
        assert (second.returncode, "error[port-in-use]: port 8000 on this machine" in second.stderr) == (
            2,
            True,
        )
        client.kill()
    assert until(lambda: answers(vms, 8000) is None), "its ssh outlived it"
    with start(vms, "attach", run["id"]) as attached:
        heard(attached, "ready after ")
        assert vms.get(8000, "/page") == b"from the workdir\n"
        attached.send_signal(signal.SIGINT)
    assert answers(vms, 8000) is None
    assert listed(vms, run["id"])["state"] == "running"
    vms.on_machine(run["machine"], "touch sky_workdir/quit")
    assert until(lambda: listed(vms, run["id"])["state"] == "succeeded")
    assert "7000\n" in gpuspec(vms, "logs", run["id"]).stdout
    assert sum(served) - before == 7000


def test_one_that_never_is_ready_is_ended_on_the_machine_used_again(
    vms: VMStack, job: dict[str, Any], served: list[int]
) -> None:
    before, machine = sum(served), record(vms)["machine"]
    ready = {"http": "http://localhost:8000/absent", "timeout": 3, "interval": 0.2}
    loud = "mkdir -p results; cp setups.txt results/; seq -f 'line %g' 30; "
    path = spec(**job, readiness=ready, outputs=["results/"], run=loud + UNTIL_QUIT.format(8000))
    done = launch(vms, path)
    run = record(vms)
    assert done.returncode == 1, done.stderr
    assert run["machine"] == machine
    assert "the last 20 lines of its log:\n" in done.stderr
    assert "not ready within 3 s (http://localhost:8000/absent: HTTP 404): ending the job" in done.stderr
    assert (run["state"], run["message"]) == (
        "failed",
        "not ready within 3 s (http://localhost:8000/absent: HTTP 404)",
    )
    assert "line 30\n" in done.stdout
    assert (job["folder"] / "results" / "setups.txt").read_text() == "once\n"
    assert sum(served) == before, "downloaded again"
    assert cluster(vms, machine) == {"autostop": 10, "down": True, "labels": cluster(vms, machine)["labels"]}  # type: ignore[index]
    assert "http.server" not in vms.on_machine(machine, "ps ax")


def test_the_time_limit_holds_without_the_client(vms: VMStack, job: dict[str, Any]) -> None:
    machine = record(vms)["machine"]
    limit = {"max_hours": 0.003, "max_total": 5}  # 10.8 s
    path = spec(**job, budget=limit, run="echo began; sleep 600 || true; echo never")
    with start_run(vms, path) as client:
        assert client.stdout
        assert "began\n" in iter(client.stdout.readline, "")  # what the downloads say comes first
        client.kill()
    run = record(vms)
    assert run["machine"] == machine
    assert until(lambda: listed(vms, run["id"])["state"] == "failed")
    log = gpuspec(vms, "logs", run["id"])
    assert "gpuspec: time limit reached: 0.003 h" in log.stdout
    assert "never" not in log.stdout


def test_a_gpu_that_has_nothing_to_do_ends_its_job(vms: VMStack, job: dict[str, Any]) -> None:
    # One GPU is the job's: SkyPilot sets CUDA_VISIBLE_DEVICES.
    gpus = nvidia_smi(job["folder"], "0, GPU-a, 4, 6144, 24576", "1, GPU-b, 99, 20480, 24576")
    least = {"gpu": 30, "minutes": 0.05, "then": "end"}  # 3 s
    run = "mkdir -p results; echo half > results/half; trap 'exit 0' TERM; sleep 600 & wait"
    done = launch(vms, spec(**job, env=gpus, min_utilization=least, outputs=["results/"], run=run))
    why = "its GPUs were used 4 % in the last 0.05 minutes, and min_utilization asks for 30 %"
    assert done.returncode == 1, done.stderr
    assert why in " ".join(done.stderr.split()), done.stderr
    found = record(vms)
    assert (found["state"], found["message"].startswith(f"ended for low utilization: {why}")) == (
        "failed",
        True,
    ), found
    assert (found["gpu_utilization"], found["peak_memory"]) == (4.0, 6.0)
    assert (job["folder"] / "results" / "half").read_text() == "half\n"
    assert "  used       GPU 4 % (4 % lately); CPU " in gpuspec(vms, "cost", found["id"]).stdout


def test_items_that_are_killed_are_done_once(vms: VMStack, job: dict[str, Any]) -> None:
    """All by one command; each by its own, see `test_on_slurm.py`."""
    at_most_one_is_done_twice(vms, **{**job, "task": "batch", "ports": []}, run=TOGETHER)


def test_a_detached_run_is_ready_by_its_command_then_stopped_reaped_and_down(
    vms: VMStack, job: dict[str, Any], tmp_path: Path
) -> None:
    machine = record(vms)["machine"]
    ready = {"command": 'test "$(cat up)" = "$WORD"', "timeout": 60, "interval": 0.2}
    path = spec(
        **job,
        readiness=ready,
        env={"WORD": "it's up", **nvidia_smi(job["folder"], "0, GPU-a, 91, 6144, 24576")},
        run='echo "$WORD" > up; sleep 600',
    )
    done = launch(vms, path, "--detach")
    run = record(vms)
    assert done.returncode == 0, done.stderr
    assert "ready after " in done.stderr
    assert run["machine"] == machine
    assert listed(vms, run["id"])["state"] == "running"
    # Nobody follows its log: the machine is asked.
    assert until(lambda: (listed(vms, run["id"])["utilization"] or {}).get("gpu") == 91.0)
    stopped = gpuspec(vms, "stop", run["id"])
    assert stopped.returncode == 0, stopped.stderr
    assert up(vms, machine)
    cost = json.loads(gpuspec(vms, "cost", run["id"], "--json").stdout)
    assert cost, "no cost"
    reaped = gpuspec(vms, "reap", GPUSPEC_STATE_DIR=str(tmp_path))
    assert f"{machine} ($0.50/h): no run here knows it" in reaped.stdout
    down = gpuspec(vms, "down", run["id"])
    assert down.returncode == 0, down.stderr
    assert record(vms)["state"] == "interrupted"
    assert not up(vms, machine)
    (ended,) = (
        each for each in vms.events() if each["event"] == "terminate" and each["name"].startswith(machine)
    )
    assert ended["by"] == "10.77.0.1"


def asked(vms: VMStack) -> int:
    return sum(each["event"] == "ask" for each in vms.events())


@contextmanager
def renting(
    vms: VMStack, folder: Path, *, seconds: float = 8
) -> Iterator[tuple[subprocess.Popen[str], dict[str, Any]]]:
    """A client whose machine was asked for, and is not seen for some `seconds` more."""
    before = asked(vms)
    vms.slow(seconds)
    try:
        with start_run(vms, spec(folder, gpu_types=GPUS, name="slow", run="sleep 600"), "--fresh") as client:
            assert until(lambda: asked(vms) > before, 120)
            yield client, record(vms, "slow")
            client.kill()
    finally:
        vms.slow()


def away(vms: VMStack, run: dict[str, Any]) -> None:
    """The machine of a run came, and is taken down."""
    events = [each["event"] for each in vms.events() if each["name"].startswith(run["machine"])]
    assert events == ["ask", "launch", "terminate"]
    assert cluster(vms, run["machine"]) is None
    in_order(vms)


def test_ctrl_c_before_the_cloud_shows_the_machine(vms: VMStack, tmp_path: Path) -> None:
    with renting(vms, tmp_path) as (client, run):
        client.send_signal(signal.SIGINT)
        _, errors = client.communicate()
    assert client.returncode == 130, errors
    assert "no machine is left" in errors
    away(vms, run)


def test_ctrl_c_twice_while_it_rents(vms: VMStack, tmp_path: Path) -> None:
    with renting(vms, tmp_path) as (client, run):
        client.send_signal(signal.SIGINT)
        heard(client, "Ctrl-C again leaves without waiting")
        client.send_signal(signal.SIGINT)
        _, errors = client.communicate()
    assert client.returncode == 1, errors
    assert f"{run['machine']} may be up; it may have no timer yet" in errors
    assert f"gpuspec down {run['id']}" in errors
    assert f"{run['id']} (slow)" in gpuspec(vms, "reap", "--dry-run").stdout
    assert gpuspec(vms, "down", run["id"]).returncode == 0
    away(vms, run)


def test_the_server_killed_while_it_rents(vms: VMStack, tmp_path: Path) -> None:
    with renting(vms, tmp_path) as (client, run):
        vms.kill_api_server()
        _, errors = client.communicate()
    assert client.returncode == 2, errors
    assert "SkyPilot's API server does not answer (Connection refused)" in errors
    away(vms, run)


def test_a_machine_comes_when_the_next_server_has_forgotten_it(vms: VMStack, tmp_path: Path) -> None:
    """Each server looks, when it starts, at the machines whose launch is over, and forgets what it does not see."""
    with renting(vms, tmp_path, seconds=40) as (client, run):
        vms.kill_api_server()
        _, errors = client.communicate()
    assert client.returncode == 2, errors
    away(vms, run)


def test_a_machine_comes_when_nobody_waits_and_the_server_has_forgotten_it(
    vms: VMStack, tmp_path: Path
) -> None:
    """`ps` tells that it is there, and `reap` takes it from the cloud."""
    with renting(vms, tmp_path, seconds=20) as (client, run):
        noted = vms.home / "state" / "machines" / f"{run['machine']}.json"
        assert until(noted.exists), "what was asked for is not written down"
        client.kill()
        vms.kill_api_server()
        # As its next server does where it looks before the cloud shows the machine.
        with closing(sqlite3.connect(vms.home / ".sky" / "state.db")) as store, store:
            store.execute("DELETE FROM clusters WHERE name = ?", (run["machine"],))
        assert until(lambda: up(vms, run["machine"]), 60)
    assert "SkyPilot has forgotten its machine, and Lambda still has it" in listed(vms, run["id"])["message"]
    reaped = gpuspec(vms, "reap", "--yes")
    assert reaped.returncode == 0, reaped.stderr
    away(vms, run)


def test_client_and_server_alone_killed_while_it_rents(vms: VMStack, tmp_path: Path) -> None:
    """What the server had started goes on, and keeps a new one from starting."""
    with renting(vms, tmp_path) as (client, run):
        group = vms.kill_api_server(alone=True)
        client.kill()
    refused = gpuspec(vms, "down", run["id"])
    assert refused.returncode == 2
    named = re.search(r"`kill -9 -- (.*)` ends that", refused.stderr)
    assert f"-{group}" in (named[1].split() if named else []), refused.stderr
    os.killpg(group, signal.SIGKILL)
    assert listed(vms, run["id"])["state"] in ("lost", "provisioning", "setup", "running")
    assert gpuspec(vms, "down", run["id"]).returncode == 0
    away(vms, run)


def test_the_first_machine_has_gone_by_itself(vms: VMStack) -> None:
    name = left["machine"]
    assert until(lambda: not up(vms, name), 300 - (time.monotonic() - left["finished"])), (
        "its timer did not fire"
    )
    (began,) = (each for each in vms.events() if each["event"] == "launch" and each["name"].startswith(name))
    (ended,) = (
        each for each in vms.events() if each["event"] == "terminate" and each["name"].startswith(name)
    )
    assert ended["by"] == began["address"]
    assert cluster(vms, name) is None
