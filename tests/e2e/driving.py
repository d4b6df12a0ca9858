"""What the end-to-end tests say and ask: specs, commands, records, and what SkyPilot has up."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from .skypilot_stack import SkyPilotStack as Stack
from .skypilot_stack import until as wait_until

GPU_TYPES = ["H100", "A100-80GB", "RTX 4090"]


def spec(folder: Path, **fields: Any) -> Path:
    """A job spec in a folder of its own, which is the job's workdir."""
    job = {
        "name": "e2e",
        "task": "batch",
        "gpu_types": GPU_TYPES,
        "gpu_count": 1,
        "min_vram": 24,
        "max_price": 3.0,
        "budget": {"max_hours": 0.5, "max_total": 5},
        "keep_alive_minutes": 3,
        "setup": [],
        **fields,
    }
    path = folder / "gpu.jsonc"
    path.write_text(json.dumps(job))
    return path


def nvidia_smi(folder: Path, *rows: str) -> dict[str, str]:
    """Variables with which a job in this workdir finds an nvidia-smi that tells of these GPUs: index, UUID, % used,
    MiB held, MiB in all."""
    path = folder / "bin" / "nvidia-smi"
    path.parent.mkdir(exist_ok=True)
    path.write_text("#!/bin/sh\n" + "".join(f"echo '{row}'\n" for row in rows))
    path.chmod(0o755)
    return {"PATH": "bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"}


def gpuspec(stack: Stack, *arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        stack.command("gpuspec", *arguments),
        env={**stack.environment(), **more},
        capture_output=True,
        text=True,
        timeout=300,
        stdin=subprocess.DEVNULL,
    )


def launch(stack: Stack, path: Path, *options: str, **more: str) -> subprocess.CompletedProcess[str]:
    return gpuspec(
        stack, "run", str(path), "--on", "skypilot", "--yes", "--prices", str(stack.prices), *options, **more
    )


@contextmanager
def arguments_with(secret: str, *, pause: float = 0.01) -> Iterator[list[str]]:
    """Command lines, of any user's processes here and on machines, that held `secret` while the block ran. Between
    two looks at all processes lie `pause` seconds."""
    found: list[str] = []
    sought = secret.encode()
    over = threading.Event()

    def look() -> None:
        while not over.wait(pause):
            for name in os.listdir("/proc"):
                if name.isdigit():
                    line = command_line(name)
                    if sought in line:
                        found.append(line.decode(errors="replace").replace("\0", " ")[:300])

    thread = threading.Thread(target=look)
    thread.start()
    try:
        yield found
    finally:
        over.set()
        thread.join()


def command_line(process: str) -> bytes:
    """A process's arguments; b"" where it is gone. Read without a file object: some ten times a second for hundreds
    of processes, those would take a third of a core from what is tested."""
    try:
        opened = os.open(f"/proc/{process}/cmdline", os.O_RDONLY)
    except OSError:
        return b""
    line = b""
    try:
        while part := os.read(opened, 1 << 16):
            line += part
    except OSError:
        pass  # it ended in between
    finally:
        os.close(opened)
    return line


def files_with(secret: str, *folders: Path) -> list[str]:
    """Files that hold `secret`."""
    listed = subprocess.run(
        ["grep", "-rlaF", "--devices=skip", "--", secret, *map(str, folders)], capture_output=True, text=True
    )
    return listed.stdout.splitlines()


class Left(subprocess.Popen[str]):
    """A process whose end is waited for, unless the test that was to end it has failed."""

    def __exit__(self, *failed: Any) -> None:
        if failed[0] is not None:
            self.kill()
        super().__exit__(*failed)


def start(stack: Stack, *arguments: str) -> Left:
    """A gpuspec that is left running."""
    return Left(
        # A test session in the background ignores Ctrl-C, and so would what it starts.
        stack.command("env", "--default-signal=INT", "gpuspec", *arguments),
        env=stack.environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def start_run(stack: Stack, path: Path, *options: str) -> Left:
    return start(stack, "run", str(path), "--yes", "--prices", str(stack.prices), *options)


def listed(stack: Stack, run: str) -> dict[str, Any]:
    """A run as `gpuspec ps` shows it."""
    shown = gpuspec(stack, "ps", "--json")
    assert shown.returncode == 0, shown.stderr
    rows = {row["id"]: row for row in json.loads(shown.stdout)["runs"]}
    found: dict[str, Any] = rows[run]
    return found


def record(stack: Stack, name: str = "%") -> dict[str, Any]:
    """The newest run record, or the newest of this name."""
    # Closed at once: an open connection here keeps locks that a client killed meanwhile cannot clear.
    with closing(sqlite3.connect(stack.home / "state" / "runs.sqlite3")) as connection:
        connection.row_factory = sqlite3.Row
        newest = "SELECT * FROM runs WHERE name LIKE ? ORDER BY started DESC LIMIT 1"
        return dict(connection.execute(newest, (name,)).fetchone())


def cluster(stack: Stack, name: str) -> dict[str, Any] | None:
    """A cluster as SkyPilot finds it: autostop minutes and whether they end in `down`."""
    ask = (
        "import json, sys, sky; found = sky.get(sky.status([sys.argv[1]], refresh=sky.StatusRefreshMode.FORCE));"
        "print(json.dumps([{'autostop': c.autostop, 'down': c.to_down, 'labels': c.labels} for c in found]))"
    )
    found = json.loads(stack.run(str(stack.venv / "bin" / "python"), "-c", ask, name).splitlines()[-1])
    return found[0] if found else None


def in_order(stack: Stack) -> None:
    """`reap` finds nothing to do."""
    said = gpuspec(stack, "reap", "--dry-run")
    assert said.stdout == "nothing to reap\n", f"{said.stdout}{said.stderr}"


def up(stack: Stack, name: str) -> bool:
    return any(line.startswith(name) for line in stack.machines())


def until(true: Callable[[], Any], seconds: float = 60) -> bool:
    return wait_until(true, seconds, must=False)


def heard(process: subprocess.Popen[str], word: str) -> list[str]:
    """The lines on standard error up to the one with `word` in it."""
    lines = []
    assert process.stderr
    for line in process.stderr:
        lines.append(line)
        if word in line:
            return lines
    raise AssertionError(f"never said {word!r}:\n{''.join(lines)}")
