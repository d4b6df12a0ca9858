"""A headless Chromium, driven through the pipe that it opens for that (`--remote-debugging-pipe`): Chrome's DevTools
Protocol, one JSON message and a zero byte at a time, on file descriptors 3 and 4
(https://chromedevtools.github.io/devtools-protocol/, 2026-11-30). Playwright would do the same with 45 MB of Node."""

from __future__ import annotations

import base64
import json
import os
import select
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from waiting import PATIENCE

PROGRAMS = ("chromium-headless-shell", "chromium", "google-chrome", "chrome", "chromium-browser")
Message = dict[str, Any]


@contextmanager
def chromium(profile: Path) -> Iterator[Browser]:
    """A browser that ends with the block. Skips where none is installed, but in CI, which installs one."""
    program = next(filter(None, map(shutil.which, PROGRAMS)), None)
    if program is None:
        missing = (
            f"no browser: none of {', '.join(PROGRAMS)} is in PATH (Debian: apt-get install {PROGRAMS[0]})"
        )
        if os.environ.get("CI") == "true":
            pytest.fail(missing)
        pytest.skip(missing)
    from_us, to_us = os.pipe(), os.pipe()
    options = ["--headless", "--remote-debugging-pipe", f"--user-data-dir={profile}", "--disable-gpu"]
    options += ["--disable-dev-shm-usage", "--no-first-run", "--disable-background-networking"]
    options += ["--no-sandbox"] * (os.geteuid() == 0)  # it refuses to run as root with it
    # The shell puts the pipes where Chromium looks for them; `preexec_fn` is not safe beside threads.
    script = f'exec "$0" "$@" 3<&{from_us[0]} 4>&{to_us[1]}'
    process = subprocess.Popen(
        ["bash", "-c", script, program, *options],
        pass_fds=(from_us[0], to_us[1]),
        stderr=subprocess.DEVNULL,
    )
    os.close(from_us[0])
    os.close(to_us[1])
    try:
        yield Browser(from_us[1], to_us[0])
    finally:
        os.close(from_us[1])  # Chromium ends when nobody holds the pipe
        try:
            process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        os.close(to_us[0])


class Browser:
    """The connection: commands out, answers and events in."""

    def __init__(self, writes: int, reads: int) -> None:
        self._writes, self._reads = writes, reads
        self._left, self._count = b"", 0
        self.events: list[Message] = []

    def send(self, method: str, session: str | None = None, **parameters: Any) -> Message:
        """The result of a command; events that come before it are kept."""
        self._count += 1
        message: Message = {"id": self._count, "method": method, "params": parameters}
        if session:
            message["sessionId"] = session
        os.write(self._writes, json.dumps(message).encode() + b"\0")
        while True:
            answer = self._next()
            if answer.get("id") == self._count:
                assert "error" not in answer, f"{method}: {answer['error']}"
                result: Message = answer["result"]
                return result
            self.events.append(answer)

    def wait_for(self, method: str, session: str) -> Message:
        """The first event of this name, whether it came already or is still to come; it is taken out."""
        while True:
            for event in self.events:
                if event.get("method") == method and event.get("sessionId") == session:
                    self.events.remove(event)
                    return event
            self.events.append(self._next())

    def _next(self) -> Message:
        while b"\0" not in self._left:
            assert select.select([self._reads], [], [], PATIENCE)[0], f"no answer within {PATIENCE} s"
            read = os.read(self._reads, 1 << 20)
            assert read, "the browser ended"
            self._left += read
        message, _, self._left = self._left.partition(b"\0")
        found: Message = json.loads(message)
        return found

    def page(self, width: int = 1280, height: int = 900, *, dark: bool = False, scripts: bool = True) -> Page:
        """A new, empty page of this size, in CSS pixels."""
        target = self.send("Target.createTarget", url="about:blank")["targetId"]
        session = self.send("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        page = Page(self, session)
        for domain in ("Page", "Runtime", "Network", "Log"):
            page.send(f"{domain}.enable")
        size: Message = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600}
        page.send("Emulation.setDeviceMetricsOverride", **size)
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        page.send("Emulation.setEmulatedMedia", features=[scheme])
        if not scripts:
            page.send("Emulation.setScriptExecutionDisabled", value=True)
        return page


class Page:
    """A tab."""

    def __init__(self, browser: Browser, session: str) -> None:
        self._browser, self._session = browser, session

    def send(self, method: str, **parameters: Any) -> Message:
        """The result of a command to this page."""
        return self._browser.send(method, self._session, **parameters)

    def open(self, path: Path) -> None:
        """Open a file, and wait until it is loaded."""
        self.send("Page.navigate", url=path.resolve().as_uri())
        self._browser.wait_for("Page.loadEventFired", self._session)

    def value(self, expression: str) -> Any:
        """What JavaScript comes to, as JSON; a promise is awaited. Works where the page's own scripts are off."""
        wanted = {"returnByValue": True, "awaitPromise": True}
        answer = self.send("Runtime.evaluate", expression=expression, **wanted)
        assert "exceptionDetails" not in answer, answer["exceptionDetails"]
        return answer["result"].get("value")

    def events(self, *methods: str) -> list[Message]:
        """The parameters of what happened here under these names so far."""
        mine = [each for each in self._browser.events if each.get("sessionId") == self._session]
        return [each["params"] for each in mine if each["method"] in methods]

    def requests(self) -> list[str]:
        """The addresses that were asked for."""
        return [each["request"]["url"] for each in self.events("Network.requestWillBeSent")]

    def complaints(self) -> list[Message]:
        """Errors and warnings of the console, exceptions, and dialogs that a script opened."""
        logged = [each["entry"] for each in self.events("Log.entryAdded")]
        return [
            *(each for each in logged if each["level"] in ("error", "warning")),
            *self.events(
                "Runtime.consoleAPICalled", "Runtime.exceptionThrown", "Page.javascriptDialogOpening"
            ),
        ]

    def screenshot(self, path: Path) -> None:
        """The whole page as a PNG."""
        taken = self.send("Page.captureScreenshot", captureBeyondViewport=True)
        path.write_bytes(base64.b64decode(taken["data"]))

    def print_to(self, path: Path) -> None:
        """The page as it prints, as a PDF; the sheet is what its style says, else A4."""
        a4 = {"paperWidth": 8.27, "paperHeight": 11.69, "preferCSSPageSize": True, "printBackground": True}
        path.write_bytes(base64.b64decode(self.send("Page.printToPDF", **a4)["data"]))
