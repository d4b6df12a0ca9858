"""Items whose command and runner are killed in the middle, and done with `--resume`, on any stack."""

from __future__ import annotations

import os
import signal
import subprocess
from contextlib import suppress
from pathlib import Path
from typing import Any

from .driving import launch, record, spec, start_run
from .skypilot_stack import SkyPilotStack as Stack

ITEMS = ["a", "b", "c", "d"]
WAITS_AT_C = "echo began $item; [ $item != c ] || [ -e go-$E2E_ITEMS ] || sleep 600"
EACH = f"item={{item}}; {WAITS_AT_C}"
TOGETHER = f'while read -r item; do {WAITS_AT_C}; echo $item >>"$GPUSPEC_ITEMS_DONE"; done <"$GPUSPEC_ITEMS"'


def at_most_one_is_done_twice(stack: Stack, *, run: str, **job: Any) -> None:
    """The third item is under way when everything that does items gets SIGKILL; `--resume` does it and the rest."""
    mark = os.urandom(8).hex()  # files stay on a machine that is used again
    path = spec(**job, items=ITEMS, env={"E2E_ITEMS": mark}, run=run)
    with start_run(stack, path) as client:
        first = begun(client)
        machine = record(stack)["machine"]
        kill_items(f"E2E_ITEMS={mark}")
        assert client.stdout
        rest, (_, errors) = client.stdout.read(), client.communicate()
    assert client.returncode == 1, errors
    assert "began" not in rest
    (path.parent / f"go-{mark}").touch()
    second = launch(stack, path, "--resume")
    assert second.returncode == 0, second.stderr
    assert record(stack)["machine"] == machine
    again = [line.split()[1] for line in second.stdout.splitlines() if line.startswith("began ")]
    assert (first, again) == (["a", "b", "c"], ["c", "d"])


def begun(client: subprocess.Popen[str]) -> list[str]:
    """The items that have begun when the third has."""
    found: list[str] = []
    assert client.stdout
    for line in client.stdout:
        if line.startswith("began "):
            found.append(line.split()[1])
        if found and found[-1] == "c":
            return found
    raise AssertionError(client.communicate())


def kill_items(mark: str) -> None:
    """SIGKILL for the runner of the items and for their command, which have `mark` in their environment, wherever on
    this host their machine is."""
    runner, commands = [], []
    for place in Path("/proc").iterdir():
        if place.name.isdigit():
            with suppress(OSError):
                environment = (place / "environ").read_bytes().decode(errors="replace").split("\0")
                if mark not in environment:
                    continue
                if any(each.startswith("GPUSPEC_ITEMS_STATUS=") for each in environment):
                    commands.append(int(place.name))
                elif b".gpuspec/item_runner.pyz" in (place / "cmdline").read_bytes().split(b"\0"):
                    runner.append(int(place.name))
    assert (len(runner), bool(commands)) == (1, True)
    for process in runner + commands:
        os.kill(process, signal.SIGKILL)
