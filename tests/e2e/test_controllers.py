"""Real SkyPilot's controllers on the cloud of virtual machines: a managed job whose machine is taken back, and a
service whose replicas come and go with its requests. Both are started at once, and the tests look at them in turn."""

from __future__ import annotations

import http.client
import json
import signal
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from .conftest import brought_up
from .controllers_stack import ControllersStack
from .driving import arguments_with, gpuspec, record, spec, up
from .skypilot_stack import until
from .vm_stack import GPUS

CANARY = "canary-8c1f"
pytestmark = pytest.mark.e2e


@pytest.fixture(scope="module")
def cloud() -> Iterator[ControllersStack]:
    yield from brought_up(ControllersStack, "controllers")


class Client:
    """`gpuspec run` of one spec, and what it says."""

    def __init__(self, cloud: ControllersStack, folder: Path, **fields: Any) -> None:
        folder.mkdir()
        self.folder = folder
        self.log = folder / "gpuspec.log"
        self.path = spec(folder, gpu_types=GPUS, min_vram=20, **fields)
        words = ["run", str(self.path), "--on", "skypilot", "--yes", "--prices", str(cloud.prices)]
        with open(self.log, "wb") as out:
            self.process = subprocess.Popen(
                cloud.command("gpuspec", *words),
                env={**cloud.environment(), "CANARY": CANARY},
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
            )

    def says(self, text: str, seconds: float = 400) -> None:
        """Wait until it does."""

        def said() -> bool:
            ended = self.process.poll() is not None
            if text in self.log.read_text():
                return True
            assert not ended, f"{text!r} was not said:\n{self.log.read_text()}"
            return False

        assert until(said, seconds, must=False), f"{text!r} was not said:\n{self.log.read_text()}"


@pytest.fixture(scope="module")
def shown(cloud: ControllersStack) -> Iterator[list[str]]:
    """Arguments of any process, here or on a machine, in which the secret was seen so far."""
    with arguments_with(CANARY, pause=0.05) as found:
        yield found


@pytest.fixture(scope="module")
def service(cloud: ControllersStack, shown: list[str], tmp_path_factory: pytest.TempPathFactory) -> Client:
    return Client(
        cloud, tmp_path_factory.mktemp("e2e") / "service", name="served", task="serve", budget={},
        run="[ -n \"$CANARY\" ] && python3 -m http.server 8000", ports=[8000], secrets=["CANARY"],
        scaling={"min": 0, "max": 2, "idle_minutes": 1}, traffic={"requests_per_day": 43200},
        readiness={"http": "http://localhost:8000/gpu.jsonc", "timeout": 300},
    )  # fmt: skip


@pytest.fixture(scope="module")
def load(cloud: ControllersStack) -> Iterator[threading.Event]:
    """More requests than one replica is to have (43200 a day are 0.25 a second for each of two), until it is set. The
    first come all at once: a service without a replica starts as many as the last minute's load asks for."""
    enough = threading.Event()

    def ask() -> None:
        while not enough.wait(1):
            asked(cloud)

    asking = [threading.Thread(target=asked, args=(cloud,)) for _ in range(30)] + [
        threading.Thread(target=ask)
    ]
    for each in asking:
        each.start()
    yield enough
    enough.set()
    for each in asking:
        each.join()


@pytest.fixture(scope="module")
def job(cloud: ControllersStack, service: Client, tmp_path_factory: pytest.TempPathFactory) -> Client:
    """Of its items the third waits for a file on the disk that outlives machines."""
    return Client(
        cloud, tmp_path_factory.mktemp("e2e") / "job", name="taken-back", spot="only",
        checkpoint={"path": "/mnt/shared/ckpt"}, items=["a", "b", "c", "d"], outputs=["results/"], secrets=["CANARY"],
        run="mkdir -p results; echo {item} >>/mnt/shared/began; [ -n \"$CANARY\" ] || exit 9\n"
            "[ {item} != c ] || until [ -e /mnt/shared/go ]; do sleep 0.2; done; echo {item} >results/{item}.txt",
    )  # fmt: skip


def asked(cloud: ControllersStack) -> bool:
    """Whether the service answers with the spec that lies in its workdir."""
    try:
        return b'"served"' in cloud.get(30001, "/gpu.jsonc", timeout=20)
    except (OSError, http.client.HTTPException, RuntimeError):
        return False


def test_the_first_requests_to_a_service_rent_its_machines(
    cloud: ControllersStack, service: Client, job: Client, request: pytest.FixtureRequest
) -> None:
    service.says(
        "answers at http://localhost:30001; 0 to 2 replicas of 0.25 requests a second, fewer after 1 idle minutes"
    )
    service.says("no replica: the first request starts one")
    assert not up(cloud, "gs-served")
    request.getfixturevalue("load")
    assert until(lambda: asked(cloud), 600, must=False), service.log.read_text()
    service.says("READY", 60)
    service.process.send_signal(signal.SIGKILL)
    service.process.wait()
    assert record(cloud, "served")["state"] == "running"
    assert asked(cloud)
    row = listed(cloud, "served")
    assert (row["state"], row["through"]) == ("running", "service")
    assert asked(cloud)


def test_replicas_answer_each_and_one_that_is_taken_back_is_replaced(
    cloud: ControllersStack, load: threading.Event
) -> None:
    both = "replica 1 READY, replica 2 READY"
    assert until(lambda: listed(cloud, "served")["message"] == both, 600, must=False), listed(cloud, "served")
    addresses = [line.split()[2] for line in cloud.machines() if line.startswith("gs-served")]
    assert len(addresses) == 2
    for address in addresses:
        assert b'"served"' in cloud.get(8000, "/gpu.jsonc", address=address)
    logged = gpuspec(cloud, "logs", "served")
    assert "GET /gpu.jsonc" in logged.stdout, logged
    cloud.terminate(f"{record(cloud, 'served')['machine']}-2")
    assert until(lambda: "replica 3" in listed(cloud, "served")["message"], 200, must=False)
    assert asked(cloud)
    load.set()


def test_a_job_goes_on_when_its_machine_is_taken_back(cloud: ControllersStack, job: Client) -> None:
    job.says("goes with the job, or after 10 idle minutes")
    (kept,) = (cloud.shared / "ckpt").glob("gpuspec-*")
    assert until(lambda: (kept / "results" / "b.txt").exists(), 60, must=False), job.log.read_text()
    assert until(lambda: began(cloud) == ["a", "b", "c"], must=False), began(cloud)
    cloud.terminate("gs-taken-back")
    job.says("its machine was taken back; SkyPilot gets another")
    assert listed(cloud, "taken-back")["message"] == "its machine was taken back; SkyPilot gets another"
    (cloud.shared / "go").touch()
    assert job.process.wait(timeout=300) == 0, job.log.read_text()
    assert began(cloud) == ["a", "b", "c", "c", "d"]
    assert {path.name: path.read_text() for path in (job.folder / "results").iterdir()} == {
        f"{item}.txt": f"{item}\n" for item in "abcd"
    }
    row = record(cloud, "taken-back")
    assert (row["state"], row["recoveries"], row["spot"]) == ("succeeded", 1, 1)
    assert row["actual_price"] == 0.25  # RTX6000, $0.50 on demand
    assert 0 < row["spent"] < 0.25  # minutes
    assert not up(cloud, "gs-taken-back")


def test_secrets_stay_where_others_may_not_look(
    cloud: ControllersStack, job: Client, shown: list[str]
) -> None:
    decoy = ["sh", "-c", f"sleep 2; : {CANARY}"]
    subprocess.run(decoy, check=True)
    assert set(shown) == {" ".join(decoy) + " "}
    assert CANARY not in job.log.read_text()
    assert (cloud.home / ".sky").stat().st_mode & 0o077 == 0
    for path in (cloud.home / "state").rglob("*"):
        assert path.is_dir() or CANARY.encode() not in path.read_bytes(), path


def test_a_job_whose_client_is_gone_is_taken_down(cloud: ControllersStack, tmp_path: Path) -> None:
    checkpoint = {"path": "s3://bucket/ckpt"}
    client = Client(
        cloud, tmp_path / "job", name="alone", spot="only", checkpoint=checkpoint, run="sleep 600"
    )
    assert until(lambda: up(cloud, "gs-alone"), 400, must=False), client.log.read_text()
    client.process.send_signal(signal.SIGKILL)
    client.process.wait()
    assert listed(cloud, "alone")["state"] in ("provisioning", "running")
    assert gpuspec(cloud, "reap", "--dry-run").stdout == "nothing to reap\n"
    done = gpuspec(cloud, "down", "alone")
    assert done.returncode == 0, done.stderr
    assert record(cloud, "alone")["state"] == "interrupted"
    assert not up(cloud, "gs-alone")


def test_a_service_that_nobody_asks_costs_nothing_and_goes_when_told(cloud: ControllersStack) -> None:
    assert until(lambda: not up(cloud, "gs-served"), 400, must=False), cloud.machines()
    none = "no replica: the first request starts one"  # SkyServe says so some seconds after its machine went
    assert until(lambda: listed(cloud, "served")["message"] == none, 120, must=False), listed(cloud, "served")
    row = listed(cloud, "served")
    assert row["state"] == "running"
    assert 0 < row["spent"] < 0.50
    done = gpuspec(cloud, "down", "served")
    assert done.returncode == 0, done.stderr
    assert "No existing services" in cloud.run("sky", "serve", "status")
    assert cloud.machines() == []
    assert gpuspec(cloud, "reap", "--dry-run").stdout == "nothing to reap\n"


def began(cloud: ControllersStack) -> list[str]:
    """The items that were begun, in order."""
    path = cloud.shared / "began"
    return path.read_text().split() if path.exists() else []


def listed(cloud: ControllersStack, name: str) -> dict[str, Any]:
    """The newest run of this name, as `gpuspec ps` shows it."""
    done = gpuspec(cloud, "ps", "--json")
    assert done.returncode == 0, done.stderr
    row = next(each for each in json.loads(done.stdout)["runs"] if each["name"] == name)
    assert isinstance(row, dict)
    return row
