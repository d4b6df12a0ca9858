"""Waiting until a service answers."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

DEFAULT_TIMEOUT = 900.0
DEFAULT_INTERVAL = 1.0
DEFAULT_PATIENCE = 10.0

NOT_READY = "not ready within"
"""How the message of a run begins that never became ready."""

ASKS_WHO = "HTTP 401"
"""What `ask_http` says of a service that wants a user and password, or others than it got."""

LINES = 20
"""How much of the log is shown then."""


class Unreachable(Exception):
    """The service cannot be reached, so it is not known whether it is ready."""


class Watch(threading.Thread):
    """Asks again and again whether the service is ready; `failure` says why it never was.

    `ask` gives None when it is, else what is wrong; time in which it raises Unreachable does not count. `wanted` is
    the spec's `readiness`."""

    def __init__(
        self, wanted: Mapping[str, Any], ask: Callable[[], str | None], say: Callable[[str], None]
    ) -> None:
        super().__init__(daemon=True)
        self.wanted = wanted
        self.ask = ask
        self.say = say
        self.failure: str | None = None
        self.ready = False
        self.over = threading.Event()

    def run(self) -> None:
        """Poll; ends when ready, when time is up, or when `over` is set because the job ended."""
        said = before = time.monotonic()
        waited = 0.0
        timeout = self.wanted.get("timeout") or DEFAULT_TIMEOUT
        address = self.wanted.get("http")
        what = without_password(address) if address else " ".join(self.wanted.get("command") or ())
        while not self.over.is_set():
            try:
                trouble, reached = self.ask(), True
            except Unreachable as error:
                trouble, reached = str(error), False
            now = time.monotonic()
            waited += now - before if reached else 0.0
            before = now
            if trouble is None:
                self.ready = True
                self.say(f"ready after {waited:.0f} s: {what}")
                return
            if waited >= timeout:
                self.failure = f"{NOT_READY} {timeout:g} s ({what}: {trouble})"
                return
            if now - said >= 10:
                said = now
                self.say(f"waiting for {what}: {trouble} ({waited:.0f} of {timeout:g} s)")
            self.over.wait(self.wanted.get("interval") or DEFAULT_INTERVAL)


def patience(wanted: Mapping[str, Any]) -> float:
    """Seconds that one try may take."""
    return float(wanted.get("attempt_timeout") or DEFAULT_PATIENCE)


def ask_here(wanted: Mapping[str, Any], workdir: str, environment: Mapping[str, str]) -> str | None:
    """Ask a service of this machine: its `http` address, else the `command`."""
    if wanted.get("http"):
        return ask_http(wanted["http"], patience(wanted))
    name = wanted["command"][0]
    # A program in a relative folder of PATH would be one of the folder that gpuspec, or the job, runs in.
    folders = filter(os.path.isabs, os.get_exec_path(dict(environment)))
    where = name if "/" in name else shutil.which(name, path=os.pathsep.join(folders))
    if where is None:
        return f"no program {name!r} in the folders of PATH"
    more = {"executable": where, "cwd": workdir, "env": environment}
    return ask_command(wanted["command"], patience(wanted), **more)


def ask_http(address: str, seconds: float) -> str | None:
    """None where the address answers well. What is on this machine is not asked through a proxy."""
    import http.client  # these take 15 ms, and a dry run comes by here without asking
    import urllib.error
    import urllib.parse
    import urllib.request

    try:
        here = urllib.parse.urlsplit(address).hostname in ("localhost", "127.0.0.1", "::1")
        proxies = urllib.request.ProxyHandler({} if here else None)
        asked = urllib.request.Request(without_password(address), headers=_authorization(address))
        with urllib.request.build_opener(proxies).open(asked, timeout=seconds) as answer:
            return None if answer.status < 400 else f"HTTP {answer.status}"
    except urllib.error.HTTPError as error:
        return f"HTTP {error.code}"
    except (http.client.RemoteDisconnected, ConnectionResetError):
        return "nothing answers there"  # so it looks through a forwarded port
    except (OSError, ValueError, http.client.HTTPException) as error:
        return str(getattr(error, "reason", error))


def without_password(address: str) -> str:
    """An address as it is shown and kept: without a user and password in it."""
    return re.sub(r"(?<=://)[^/?#]*@", "", address)


def _authorization(address: str) -> Mapping[str, str]:
    """The header that says who asks; none where the address does not."""
    import base64
    import urllib.parse

    user, sign, _ = urllib.parse.urlsplit(address).netloc.rpartition("@")
    if not sign:
        return {}
    said = base64.b64encode(urllib.parse.unquote(user).encode()).decode()
    return {"Authorization": f"Basic {said}"}


def ask_command(argv: Sequence[str], seconds: float, **more: Any) -> str | None:
    """None where the command exits with 0."""
    # What it says is not read, so it is not kept either; and what it leaves behind holds no pipe of ours open.
    for stream in ("stdin", "stdout", "stderr"):
        more[stream] = subprocess.DEVNULL
    try:
        asked = subprocess.run(argv, timeout=seconds, check=False, **more)
    except (OSError, subprocess.TimeoutExpired) as error:
        return str(error)
    return None if asked.returncode == 0 else f"exit status {asked.returncode}"


def last_lines(log: Iterable[str]) -> list[str]:
    """The end of a log in lines, to be shown with the message that the service never was ready."""
    lines = [_last_shown(line) for line in log][-LINES:]
    if not lines:
        return ["the job wrote nothing to its log"]
    head = "the last line of its log:" if len(lines) == 1 else f"the last {len(lines)} lines of its log:"
    return [head, *(f"  {line}" for line in lines)]


def _last_shown(line: str) -> str:
    """What a terminal would show of a line in the end, without colours: a progress bar writes over itself."""
    return re.sub("\x1b\\[[0-9;]*m", "", line.rstrip("\r\n").rpartition("\r")[2])
