"""`gpuspec` with a cloud that lives in the file $FAKE_CLOUD, to be killed on its way: KILL_AT=VERB:before or after.

Stands in for `Client`, the border to SkyPilot, whose real processes cannot be stopped at a given point. As with the
real server, what was asked for goes on when the client is gone (`settle`).
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import sys
import threading
import time
from pathlib import Path
from typing import Any

from gpuspec.errors import UserError
from gpuspec.launch.skypilot import client
from gpuspec.launch.skypilot.client import Machine


def read() -> dict[str, dict[str, Any]]:
    """Machines by name."""
    path = Path(os.environ["FAKE_CLOUD"])
    found: dict[str, dict[str, Any]] = json.loads(path.read_text()) if path.exists() else {}
    return found


def write(machines: dict[str, dict[str, Any]]) -> None:
    Path(os.environ["FAKE_CLOUD"]).write_text(json.dumps(machines))


def settle() -> None:
    """The server's work, which does not need the client: machines come up and their jobs begin."""
    machines = read()
    for each in machines.values():
        if not each["up"]:
            each.update(up=True, jobs=[["RUNNING", time.time()]])
    write(machines)


def fill(disk: str) -> None:
    """Leave no room on a disk."""
    with open(os.path.join(disk, "filler"), "wb", buffering=0) as filler, contextlib.suppress(OSError):
        while True:
            filler.write(b"x" * 512)


def machine(name: str, **fields: Any) -> Machine:
    """One of the cloud's machines: they are all alike."""
    alike: dict[str, Any] = {
        "up": True, "cloud": "slurm", "region": None, "instance": None, "accelerator": "RTX4090", "gpu_count": 1,
        "spot": False, "price": 0.44,
    }  # fmt: skip
    return Machine(name=name, **{**alike, **fields})


def broken_as_told() -> int | None:
    """The next line of the file $BREAKS: a status, or the code of an error, which is raised; None after the last."""
    breaks = Path(os.environ.get("BREAKS", "/nonexistent"))
    if breaks.exists() and (troubles := breaks.read_text().splitlines()):
        breaks.write_text("\n".join(troubles[1:]))
        if troubles[0].isdigit():
            return int(troubles[0])
        raise UserError(troubles[0], "nobody answered")
    return None


class FakeClient:
    """The verbs of `Client`."""

    def enabled_clouds(self) -> frozenset[str]:
        return frozenset({"slurm"})

    def task(self, config: dict[str, Any], secrets: dict[str, str]) -> dict[str, Any]:
        return config

    def quote(self, task: dict[str, Any]) -> float:
        return float(os.environ.get("FAKE_PRICE", "0.44"))

    def launch(self, task: dict[str, Any], name: str) -> str:
        resources = task["resources"]
        minutes = -1 if "IGNORES_TIMER" in os.environ else resources["autostop"]["idle_minutes"]
        made = {"up": False, "idle": minutes, "label": resources["labels"]["gpuspec"], "jobs": []}
        write({**read(), name: made})
        return name

    def run_again(self, task: dict[str, Any], name: str) -> str:
        machines = read()
        machines[name]["jobs"].append(["RUNNING", time.time()])
        write(machines)
        return name

    def wait(self, request: str, progress: object) -> int:
        if "BUG" in os.environ:
            raise KeyError(os.environ["BUG"])
        settle()
        if "FILLS" in os.environ:  # our disk is full by now
            fill(os.environ["FILLS"])
        return len(read()[request]["jobs"])

    def machine(self, name: str, *, refresh: bool = False) -> Machine | None:
        if "MUTE" in os.environ:
            raise UserError("api-server-down", "nobody answers")
        each = read().get(name)
        if each is None:
            return None
        idle, label, was_up = each["idle"], each["label"], each["up"]
        up = was_up and "UNREACHED" not in os.environ
        return machine(name, up=up, idle_minutes=idle, down=idle >= 0, label=label, was_up=was_up)

    def machines(self) -> list[Machine]:
        if "ASKED" in os.environ:
            print("all machines asked for", file=sys.stderr)
        return [found for name in read() if (found := self.machine(name))]

    def pending(self, name: str) -> list[str]:
        return [name] if name in read() and not read()[name]["up"] else []

    def newest_job(self, name: str) -> tuple[int, float] | None:
        jobs = read()[name]["jobs"]
        return (len(jobs), jobs[-1][1]) if jobs else None

    def logs(self, name: str, job: int, out: Any, *, follow: bool) -> int:
        out.write("(x, pid=1) hello\n")
        if "HANGS" in os.environ:  # until somebody ends it
            out.flush()
            threading.Event().wait()
        if "GOES" in os.environ:
            self.down(name)
            raise UserError("machine-gone", "it was taken back")
        status = broken_as_told()
        if status is not None:
            return status
        out.write("(x, pid=1) world\n")
        machines = read()
        machines[name]["jobs"][job - 1][0] = "FAILED" if "FAILS" in os.environ else "SUCCEEDED"
        write(machines)
        return 100 if "FAILS" in os.environ else 0

    def job_state(self, name: str, job: int) -> str:
        return str(read()[name]["jobs"][job - 1][0])

    def rsync_options(self, name: str) -> list[str]:
        return ["-e", os.environ.get("FAKE_SSH", "false")]

    def set_timer(self, name: str, idle_minutes: int) -> None:
        print(f"timer of {name}: {idle_minutes}", file=sys.stderr)
        machines = read()
        machines[name]["idle"] = idle_minutes
        write(machines)

    def cancel_request(self, request: str) -> None:
        pass

    def cancel_job(self, name: str, job: int) -> None:
        machines = read()
        machines[name]["jobs"][job - 1][0] = "CANCELLED"
        write(machines)

    def down(self, name: str) -> None:
        if "DOWN_HANGS" in os.environ:
            threading.Event().wait()
        if "DOWN_FAILS" in os.environ:
            raise UserError("skypilot-failed", "the cloud said no")
        write({other: each for other, each in read().items() if other != name})


def mortal(kind: type[FakeClient], verb: str) -> None:
    """Have the client die before or after this verb, where it is told to."""
    method = getattr(kind, verb)

    def dying(*arguments: Any, **options: Any) -> Any:
        if os.environ.get("KILL_AT") == f"{verb}:before":
            os.kill(os.getpid(), signal.SIGKILL)
        result = method(*arguments, **options)
        if os.environ.get("KILL_AT") == f"{verb}:after":
            os.kill(os.getpid(), signal.SIGKILL)
        return result

    setattr(kind, verb, dying)


def set_clock(seconds: float) -> None:
    """This process's wall clock, set forward or back."""
    real = time.time
    time.time = lambda: real() + seconds


def main() -> int:
    set_clock(float(os.environ.get("CLOCK", "0")))
    for verb in [name for name in vars(FakeClient) if not name.startswith("_")]:
        mortal(FakeClient, verb)
    module: Any = client
    module.Client, module.require_skypilot, module.skypilot_used = FakeClient, lambda: None, lambda: True
    from gpuspec.cli.main import main as gpuspec
    from gpuspec.launch.skypilot import follow_log, results

    results.RETRY_PAUSES, follow_log.PAUSE_SECONDS = (0.01,), 0.01
    follow_log.LOST_MINUTES = float(os.environ.get("LOST_MINUTES", "10"))  # type: ignore[assignment]

    return gpuspec(sys.argv[1:])


if __name__ == "__main__":
    sys.exit(main())
