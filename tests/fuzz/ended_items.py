"""Jobs with items, ended at random moments in every way there is, and resumed: no item is lost, and each resumed run
does at most one again.

    python -m tests.fuzz.ended_items --ends 100 [--seed N]

Runs on this machine, by the command line. Prints a line for each failure, with the seed that makes the same choices
again, and exits with 1.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from gpuspec.launch.local.processes import marked
from gpuspec.launch.records import Records

ITEMS = [str(number) for number in range(12)]
"""Some begin as others do: half of a line is an item, too."""

COMMANDS = {
    "each": "echo {item} >>began; sleep 0.0$((RANDOM % 4)); echo {item} >out/{item}",
    "together": """\
while read -r item; do
    echo $item >>began; sleep 0.0$((RANDOM % 4)); echo $item >out/$item
    echo $item >>"$GPUSPEC_ITEMS_DONE"
done <"$GPUSPEC_ITEMS"
""",
}

PATIENCE = 180.0
"""Seconds after which a run that does not end has failed."""


class Job:
    """One job in a workdir of its own, and what interrupts it."""

    def __init__(self, folder: Path, mode: str, chance: random.Random) -> None:
        self.chance = chance
        self.work = folder / "work"
        (self.work / "out").mkdir(parents=True)
        self.environment = {**os.environ, "GPUSPEC_STATE_DIR": str(folder / "state")}
        (folder / "state").mkdir()
        self.records = folder / "state" / "runs.sqlite3"
        self.spec = self.work / "job.jsonc"
        job = {
            "name": mode,
            "task": "batch",
            "items": ITEMS,
            "budget": {"max_hours": 1},
            "run": COMMANDS[mode],
        }
        self.spec.write_text(json.dumps(job))

    def start(self, *words: str) -> subprocess.Popen[str]:
        """A client of the job that goes on with what is left."""
        command = [sys.executable, "-m", "gpuspec", "run", "--on", "local", "--yes", "--resume", *words]
        return subprocess.Popen(
            [*command, str(self.spec)],
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )

    def began(self) -> list[str]:
        """The items that have begun, in order, each as often as it did."""
        with contextlib.suppress(FileNotFoundError):
            return (self.work / "began").read_text().split()
        return []

    def runs(self) -> int:
        """How many there were, with the one that is under way."""
        return len(Records(str(self.records)).all()) if self.records.exists() else 0

    def is_looked_after(self) -> bool:
        """Whether a client or a supervisor is there: each is started with a path in our folder."""
        folder = str(self.work.parent)
        return any(folder in command_line(int(name)) for name in os.listdir("/proc") if name.isdigit())

    def wait_for_a_moment(self, client: subprocess.Popen[str], *, runs: int, began: int) -> bool:
        """Until there are more runs, and some items more have begun, than so many; whether it still runs."""
        began += self.chance.randrange(6)
        until(lambda: client.poll() is not None or (self.runs() > runs and len(self.began()) >= began))
        time.sleep(self.chance.random() * 0.05)
        return client.poll() is None

    def end(self, how: str, client: subprocess.Popen[str]) -> str:
        """End the run; what is wrong with how that went."""
        run = Records(str(self.records)).all()[0]
        processes = {pid: command_line(pid) for pid in marked(run.id)}
        runners = [pid for pid, line in processes.items() if "item_runner.pyz" in line]
        targets = {
            "the client": [client.pid],
            "the supervisor": [run.pid],
            "the runner": runners,
            "the command": [pid for pid in processes if pid not in runners],
            "everything": [client.pid, run.pid, *processes],
        }
        if how == "ctrl-c":
            client.send_signal(signal.SIGINT)
        elif how == "stop":
            command = [sys.executable, "-m", "gpuspec", "stop", run.id]
            subprocess.run(command, env=self.environment, capture_output=True, timeout=PATIENCE)
        elif how == "another client":
            said, _ = (other := self.start()).communicate(timeout=PATIENCE)
            if other.returncode not in (0, 1, 2) or (other.returncode == 2 and "items-busy" not in said):
                return f"exit status {other.returncode}: {said[-300:]}"
        elif how != "the limit":  # that comes by itself
            for pid in targets[how]:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid or 0, signal.SIGKILL)
        client.communicate(timeout=PATIENCE)
        if how == "everything":  # what a machine that lost its power has done
            for pid in marked(run.id):
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
        ended = until(lambda: not marked(run.id) and not self.is_looked_after())
        return "" if ended else "something goes on"


ENDS = (
    "ctrl-c", "stop", "the limit", "the client", "the supervisor", "the runner", "the command", "everything",
    "another client",
)  # fmt: skip
"""Ctrl-C, `gpuspec stop`, the time limit; what is killed; a second client, which has to keep out."""


def command_line(pid: int) -> str:
    """What a process was started with; "" where it is gone."""
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/cmdline").read_text(errors="replace")
    return ""


def until(condition: Callable[[], bool]) -> bool:
    """Whether `condition` comes true in time."""
    deadline = time.monotonic() + PATIENCE
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.002)
    return True


def failures(seed: int, ends: list[str], mode: str) -> Iterator[str]:
    """One job that is ended in these ways, one after the other, and then left alone; what went wrong, in words."""
    with tempfile.TemporaryDirectory() as folder:
        job = Job(Path(folder), mode, random.Random(seed))
        before: list[str] = []
        for how in [*ends, ""]:
            name = f"{seed} {mode}, {how or 'left alone'}"
            limit = f"{job.chance.uniform(0.2, 1) / 3600:.9f}" if how == "the limit" else "1"
            runs = job.runs()
            client = job.start("--max-hours", limit)
            if how and job.wait_for_a_moment(client, runs=runs, began=len(before)):
                wrong = job.end(how, client)
                if wrong:
                    yield f"{name}: {wrong}"
            said, _ = (
                client.communicate(timeout=PATIENCE)
                if client.stdout and not client.stdout.closed
                else ("", "")
            )
            now = job.began()
            again = sorted(set(before) & set(now[len(before) :]))
            if len(again) > 1 or len(set(now[len(before) :])) < len(now) - len(before):
                yield f"{name}: {again} done again (before {before}, then {now[len(before) :]})"
            before = now
        if client.returncode or set(before) != set(ITEMS):
            yield f"{name}: exit status {client.returncode}, began {before}: {said}"
        lost = [item for item in ITEMS if not (job.work / "out" / item).exists()]
        if lost:
            yield f"{name}: {lost} lost"


def main() -> int:
    """End jobs until as many ends were tried as asked for."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--ends", type=int, default=100)
    options.add_argument("--seed", type=int, default=int.from_bytes(os.urandom(3), "big"))
    given = options.parse_args()
    count = tried = 0
    seed = given.seed
    while tried < given.ends:
        ends = random.Random(seed).sample(ENDS, 4)
        for failure in failures(seed, ends, ("each", "together")[seed % 2]):
            count += 1
            print(failure, flush=True)
        tried += len(ends)
        seed += 1
    print(f"{tried} ends from seed {given.seed}, {count} failures")
    return int(count > 0)


if __name__ == "__main__":
    sys.exit(main())
