"""Sending an alert: to a webhook, as Slack takes it, or to a command of one's own.

A command is run only where the person trusts the folder of its settings ($GPUSPEC_LOCAL_RULES), and a job can name
none: a file from elsewhere must not run anything on this machine. The address of a webhook is a secret, and is never
said, logged or recorded."""

from __future__ import annotations

import hashlib
import http.client
import json
import os
import signal
import subprocess
import urllib.error
import urllib.request
from collections.abc import Mapping
from contextlib import suppress
from typing import Any
from urllib.parse import urlsplit

from gpuspec.errors import UserError
from gpuspec.launch.interrupts import run_bounded
from gpuspec.lint.local_rules import VARIABLE, trusted
from gpuspec.lint.notify_config import WEBHOOK
from gpuspec.lint.secrets import masked
from gpuspec.named_tuple import NamedTuple
from gpuspec.printable import one_line

SECONDS = 10.0
"""A webhook may keep silent; in all it may take twice as long, and a command three times."""
LONGEST = 1000
"""Characters of an alert."""


class Addressee(NamedTuple):
    """Whom an alert goes to: a webhook (an address, or `$NAME`), or a command with the folder it runs in."""

    webhook: str | None = None
    command: tuple[str, ...] = ()
    folder: str = "."

    @property
    def digest(self) -> str:
        """What stands for it in the records, where no address is kept."""
        return hashlib.sha256(repr((self.webhook, self.command, self.folder)).encode()).hexdigest()[:12]

    @property
    def in_words(self) -> str:
        """What may be said of it."""
        if self.command:
            return f"the command {self.command[0]}"
        named = self.webhook or ""
        return f"the webhook in {named}" if named.startswith("$") else "the webhook"


class NotSent(Exception):
    """Why an alert did not arrive, in words without an address."""


def targets_of(setting: Mapping[str, Any], file: str | None) -> tuple[list[Addressee], str]:
    """Whom `[notify]` of a settings file names, and what is said of a command that may not be run."""
    found, said = [], ""
    if setting.get("webhook"):
        found.append(Addressee(webhook=setting["webhook"]))
    if setting.get("command") and file is not None:
        if trusted(file):
            found.append(Addressee(command=tuple(setting["command"]), folder=os.path.dirname(file)))
        else:
            said = f"notify.command of {file} is not run: set {VARIABLE} to its folder if you trust what stands there"
    return found, said


def send(target: Addressee, text: str) -> None:
    """Tell it. NotSent where that fails."""
    text = one_line(masked(text))[:LONGEST]
    if target.command:
        _run(target, text)
        return
    address = _address(target.webhook or "")
    # Beside: names may be looked up for minutes, and who answers letter by letter runs into no timeout.
    trouble = run_bounded(lambda: _post(address, text), 2 * SECONDS)
    if trouble:
        raise NotSent(trouble)


def _address(webhook: str) -> str:
    """The address itself. NotSent where a variable does not hold one."""
    named = webhook.startswith("$")
    found = os.environ.get(webhook[1:], "") if named else webhook
    if not found:
        raise NotSent(f"{webhook} is not set here")
    if found.startswith("$") or not WEBHOOK.fullmatch(found):
        raise NotSent(f"{webhook} holds no https address" if named else "its address is none by https")
    return found


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    """An answer that sends elsewhere is a failure: elsewhere may be anything."""

    def redirect_request(self, *arguments: Any, **more: Any) -> None:
        return None


def _post(address: str, text: str) -> None:
    # The three characters by which Slack marks mentions and links (https://api.slack.com/docs/formatting, 2026-11).
    escaped = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    try:
        where = urlsplit(address).hostname
        request = urllib.request.Request(
            address,
            data=json.dumps({"text": f"gpuspec: {escaped}"}).encode(),
            headers={"Content-Type": "application/json", "User-Agent": "gpuspec"},
        )
        with urllib.request.build_opener(_NoRedirects).open(request, timeout=SECONDS) as answer:
            answer.read(1)
    except urllib.error.HTTPError as error:
        raise NotSent(f"{where} answered {error.code}") from None
    except (
        OSError,
        ValueError,
        http.client.HTTPException,
    ) as error:  # never its words: they may quote the address
        raise NotSent(f"it was not reached ({type(getattr(error, 'reason', error)).__name__})") from None


def _run(target: Addressee, text: str) -> None:
    try:
        started = subprocess.Popen(
            list(target.command),
            text=True,
            encoding="utf-8",
            cwd=target.folder or ".",
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,  # so that it can be ended with all that it started
        )
    except (OSError, ValueError) as error:
        raise NotSent(f"it could not be started ({type(error).__name__})") from None
    with started:
        try:
            started.communicate(text + "\n", timeout=3 * SECONDS)
        except subprocess.TimeoutExpired:
            _end(started)
            raise NotSent(f"it did not end within {3 * SECONDS:g} s") from None
        except BaseException:  # Ctrl-C: it does not get that itself
            _end(started)
            raise
    if started.returncode:
        raise NotSent(f"it ended with exit status {started.returncode}")


def _end(started: subprocess.Popen[str]) -> None:
    """A shell that is killed alone leaves behind what it waits for."""
    with suppress(OSError):
        os.killpg(started.pid, signal.SIGKILL)


def notify_of(file: str) -> Mapping[str, Any]:
    """`[notify]` of a settings file as it is now; empty where the file says none, or cannot be read."""
    from gpuspec.lint.config_file import read_one
    from gpuspec.lint.notify_config import check_notify

    try:
        found = read_one(file).values.get("notify", {})
        check_notify(file, found)
    except UserError:
        return {}
    return dict(found)
