"""As `drive_rented.py`, with SkyPilot's controllers: managed jobs and services, in the file $FAKE_CLOUD.controllers.

What the controllers do goes on when the client is gone, and the test says how far (`settle`, `end`)."""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path
from typing import Any

from gpuspec.launch.skypilot import controllers, mode
from gpuspec.launch.skypilot.client import Machine
from gpuspec.launch.skypilot.controllers import ManagedJob, Replica, Service
from gpuspec.launch.skypilot.job_script import WAITS_FOR_FETCH
from tests.launch import drive_rented
from tests.launch.drive_rented import FakeClient, broken_as_told


def read() -> dict[str, dict[str, Any]]:
    """Managed jobs and services by name."""
    path = Path(os.environ["FAKE_CLOUD"] + ".controllers")
    found: dict[str, dict[str, Any]] = json.loads(path.read_text()) if path.exists() else {}
    return found


def write(all_of_them: dict[str, dict[str, Any]]) -> None:
    Path(os.environ["FAKE_CLOUD"] + ".controllers").write_text(json.dumps(all_of_them))


def change(name: str, **fields: Any) -> None:
    found = read()
    found[name].update(fields)
    write(found)


def settle() -> None:
    """The controllers' work: jobs and replicas come up."""
    for name, each in read().items():
        if each["state"] in ("PENDING", "REPLICA_INIT"):
            change(name, state="RUNNING" if each["kind"] == "job" else "READY", machine=True)


class FakeControllers(FakeClient):
    """The verbs of `Controllers`."""

    def launch_job(self, task: dict[str, Any], name: str) -> str:
        timer = -1 if "IGNORES_TIMER" in os.environ else 10
        made = {"kind": "job", "number": len(read()) + 1, "state": "PENDING", "machine": False, "timer": timer,
                "recoveries": 0, "config": task}  # fmt: skip
        write({**read(), name: made})
        return name

    def wait_job(self, request: str, progress: object) -> int:
        settle()
        return int(read()[request]["number"])

    def jobs(self) -> list[ManagedJob]:
        return [
            ManagedJob(
                number=each["number"],
                name=name,
                state=each["state"],
                machine=f"{name}-{each['number']}",
                recoveries=each["recoveries"],
                why="",
            )
            for name, each in read().items()
            if each["kind"] == "job"
        ]

    def job(self, name: str) -> ManagedJob | None:
        return next((each for each in self.jobs() if each.name == name), None)

    def job_log(self, number: int, out: Any, *, follow: bool) -> int:
        (name,) = (name for name, each in read().items() if each["number"] == number)
        out.write("(x, pid=1) hello\n" + os.environ.get("TELLS", ""))
        if "CANCEL" in os.environ:
            return 103
        if "HOLDS" in os.environ:  # until its outputs were fetched
            out.write(f"(x, pid=1) {WAITS_FOR_FETCH} 7\n")
            while not os.path.exists(os.environ["HOLDS"]):
                time.sleep(0.01)
        change(name, state=os.environ.get("ENDS_AS", "SUCCEEDED"), machine=False)
        return 0 if "ENDS_AS" not in os.environ else 100

    def end_job(self, number: int) -> None:
        (name,) = (name for name, each in read().items() if each["number"] == number)
        change(name, state="CANCELLED", machine=False)

    def start_service(self, task: dict[str, Any], name: str) -> str:
        policy = {**task["service"]["replica_policy"], **json.loads(os.environ.get("SCALES", "{}"))}
        made = {"kind": "service", "number": 0, "state": "REPLICA_INIT", "machine": False, "policy": policy,
                "config": task}  # fmt: skip
        write({**read(), name: made})
        return name

    def wait_service(self, request: str, progress: object) -> str:
        settle()
        if "ENDS_AS" in os.environ:
            change(request, state=os.environ["ENDS_AS"])
        return "http://localhost:30001"

    def services(self) -> list[Service]:
        return [
            Service(
                name=name,
                state=each["state"],
                endpoint="http://localhost:30001",
                replicas=(Replica(1, "READY"),) if each["machine"] else (),
            )
            for name, each in read().items()
            if each["kind"] == "service"
        ]

    def service(self, name: str) -> Service | None:
        broken_as_told()
        return next((each for each in self.services() if each.name == name), None)

    def scaling(self, name: str) -> dict[str, Any]:
        found: dict[str, Any] = read()[name]["policy"]
        return found

    def replica_log(self, name: str, number: int, out: Any, *, follow: bool) -> None:
        out.write("(x, pid=1) served\n")

    def end_service(self, name: str) -> None:
        if "DOWN_FAILS" not in os.environ:
            write({other: each for other, each in read().items() if other != name})

    def controlled(self) -> list[Machine]:
        return [
            drive_rented.machine(
                f"{name}-{each['number'] or 1}",
                idle_minutes=each.get("timer", -1),
                down=True,
                spot="ON_DEMAND" not in os.environ,
                price=0.22,
            )
            for name, each in read().items()
            if each["machine"]
        ]

    def spent(self, machines: str) -> float:
        return 1.5

    def is_submitting(self, what: str) -> bool:
        return False


def main() -> int:
    for verb in [name for name in vars(FakeControllers) if not name.startswith("_")]:
        drive_rented.mortal(FakeControllers, verb)
    modules: Any = (controllers, mode)
    modules[0].Controllers = FakeControllers
    modules[0].lock_sky_folder = lambda: None
    modules[1].find_spec = lambda name: True
    return drive_rented.main()


if __name__ == "__main__":
    sys.exit(main())
