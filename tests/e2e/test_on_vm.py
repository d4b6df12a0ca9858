"""`gpuspec run` on virtual machines of a fake Lambda Cloud, with real ssh to each: failover, ports, readiness,
attach.
"""

from __future__ import annotations

import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from .driving import cluster, gpuspec, launch, listed, record, spec, start, start_run
from .vm_stack import VMStack

pytestmark = pytest.mark.e2e

GPUS = ["Quadro RTX 6000", "A10"]  # $0.50, $0.75
UNTIL_QUIT = "python3 -m http.server {} 2>&1 & while [ ! -e quit ]; do sleep 0.2; done; kill $!; rm quit"


def until(true: Callable[[], Any], seconds: float = 60) -> bool:
    deadline = time.monotonic() + seconds
    while not true():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.5)
    return True


def heard(process: subprocess.Popen[str], word: str) -> list[str]:
    """The lines on standard error up to the one with `word` in it."""
    lines = []
    assert process.stderr
    for line in process.stderr:
        lines.append(line)
        if word in line:
            return lines
    raise AssertionError(f"never said {word!r}:\n{''.join(lines)}")


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
        keep_alive_minutes=1,
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
    assert cluster(vms, run["machine"]) == {"autostop": 1, "down": True, "labels": {"gpuspec": run["id"]}}
    assert vms.firewall() == [[8081, 8081]]
    assert '"e2e"' in vms.get(8081, "/gpu.jsonc", address=address_of(vms, run)).decode()
    vms.on_machine(run["machine"], "touch sky_workdir/quit")


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
