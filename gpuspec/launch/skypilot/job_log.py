"""A stream that looks at what passes: how the job ended stands in its log and nowhere else."""

from __future__ import annotations

import io
import os
import re
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TextIO

from gpuspec.launch.launcher import Run
from gpuspec.launch.on_machine.item_runner.runner import REFUSED
from gpuspec.launch.on_machine.readiness import LINES
from gpuspec.launch.on_machine.redact import Redactor
from gpuspec.launch.on_machine.utilization.sampler import NOTED, TOO_LOW
from gpuspec.launch.setup_steps import STEP_OVERRAN
from gpuspec.launch.skypilot.job_script import (
    COMMAND_BEGINS,
    ENDED,
    LIMIT_REACHED,
    WAITS_FOR_FETCH,
)
from gpuspec.launch.utilization import Utilization, together, utilization_in

COLOUR = re.compile(r"\x1b\[[0-9;]*m")
_CODES = re.compile(r"return code list:\s*\[([0-9, -]+)\]")
_CODE = re.compile(r"(?<!\d)-?\d{1,9}(?!\d)")
# Digits are counted: a job may print such a line itself, and int() refuses a number of thousands.
_USED = re.compile(re.escape(NOTED) + r" (\{[^{}]{0,8000}\})")
_NODE = re.compile(r"\([^()]{0,80}?rank=(\d{1,4})")
_TOO_LOW = re.compile(re.escape(TOO_LOW) + r" (.{1,500})$")
_ENDED = re.compile(re.escape(ENDED) + r" (\d{1,9})$")
_JOB = re.compile(r"(?:\x1b\[36m)?\([^()]*pid=\d+(?:, ip=[\d.]+)?\)(?:\x1b\[0m)? ?")
_ITEMS = re.compile(r"items: (\d{1,9}) of (\d{1,9}) done in (\d{1,9}\.\d) s$")
_REFUSED = re.compile(rf"items: (.{{1,200}} {re.escape(REFUSED)})$")
_UNTRUE_HERE = "(Ctrl-C to exit log streaming; job will not be killed)"
"""True of `sky logs`; our Ctrl-C ends the job."""
_LOGGED = re.compile(r"[DIWEF] \d\d-\d\d [\d:.]+ (?:PID=\d+ )?[\w.]+:\d+\]")
"""What SkyPilot 0.14.1 begins each line of a message of its own log with."""
_TRACEBACK = ("Full traceback:", "Traceback (most recent call last):")
_SETUP = re.compile(r"(?:\x1b\[36m)?\(setup pid=")
LONGEST = 1 << 20
"""Characters of a line; a longer one is shown as several. A job may print without end and never begin a line."""


class Discard(io.StringIO):
    """A stream for a log that is not shown."""

    def write(self, text: str) -> int:
        return len(text)


class JobLog(io.TextIOBase):
    """Splits SkyPilot's log: what the job of `run` printed goes to `out` as the job printed it, the rest to `aside`.
    Keeps what the log tells of the job: its exit status, whether its time limit ended it, how much of its machine it
    used, how long its items took, and the last lines it printed (`tail`). Values of the run's secrets that are
    in the environment here are masked: SkyPilot's own log has them as they came."""

    def __init__(self, out: TextIO, aside: TextIO, run: Run | None = None) -> None:
        self._out = out
        self._aside = aside
        secrets = (run.secrets or "").split() if run else ()
        self._redactor = Redactor(os.environ.get(name, "") for name in secrets)
        self._line = ""
        self.lines_shown = 0
        """Lines of the job so far."""
        self._skip = 0
        self._traceback = ""
        """What the lines of a traceback that is passing begin with."""
        self.exit_code: int | None = None
        self.timed_out = False
        self.overran = ""
        """Which setup step took longer than its timeout, in words."""
        self.too_low = ""
        """Why it was ended for using its GPUs too little, in words."""
        self.heard: Callable[[], None] = lambda: None
        """Called whenever the machine has told how much of it is used: `utilization`, then."""
        self._used: dict[str, Utilization] = {}
        self.command_began = threading.Event()
        self.tail: deque[str] = deque(maxlen=LINES)
        self.item_seconds: float | None = None
        """Of one item, on average."""
        self.all_items = False
        """Whether each of them was done."""
        self.refused = ""
        """Who has the items, in words, where they were refused to this run."""
        self.waits_for_fetch = threading.Event()
        """Set while the machine waits for its outputs to be fetched."""

    def writable(self) -> bool:
        return True

    def write(self, text: str) -> int:
        *lines, self._line = (self._line + text).split("\n")
        for line in lines:
            self._pass(self._without_beginning(line))
        self._line = self._without_beginning(self._line)
        return len(text)

    def _without_beginning(self, line: str) -> str:
        """What is left of a line whose beginnings have been passed on as lines: none is kept that is longer than
        `LONGEST`."""
        while len(line) > LONGEST:
            begins = _JOB.match(line[:1000])
            self._pass(line[:LONGEST])
            line = (begins[0] if begins else "") + line[LONGEST:]
        return line

    def flush(self) -> None:
        for stream in (self._out, self._aside):
            with self._reader():
                stream.flush()

    @contextmanager
    def _reader(self) -> Iterator[None]:
        """A reader that left (`gpuspec run … | head`) is written to no more; the job goes on, since its results are
        wanted."""
        try:
            yield
        except BrokenPipeError:
            self._out = Discard()

    def restart(self) -> None:
        """The log comes once more from its beginning: what was shown is not shown twice."""
        self._line, self._skip, self.lines_shown = "", max(self._skip, self.lines_shown), 0

    def finish(self) -> None:
        """Pass on a last line that has no end."""
        if self._line:
            self._pass(self._line)
            self._line = ""
        self.flush()

    def _pass(self, line: str) -> None:
        if LIMIT_REACHED in line:
            self.timed_out = True
        if WAITS_FOR_FETCH in line:
            self.waits_for_fetch.set()
            return
        line, told = self._without_utilization(line)
        if told:
            return
        ended = _ENDED.search(line)
        if ended:
            self.exit_code = int(ended[1])
            return
        if COMMAND_BEGINS in line:
            self.command_began.set()
            return
        line = self._redactor.masked(line)
        if STEP_OVERRAN in line:
            self.overran = COLOUR.sub("", line[line.index(STEP_OVERRAN) + len("gpuspec: ") :]).strip()
        too_low = _TOO_LOW.search(COLOUR.sub("", line))
        self.too_low = too_low[1] if too_low else self.too_low
        setup = _SETUP.match(line)
        prefix = None if setup else _JOB.match(line)
        if prefix or setup:
            self.lines_shown += 1
            if self.lines_shown <= self._skip:
                return
        if prefix:
            self.tail.append(line[prefix.end() :])
            summary = _ITEMS.match(line, prefix.end())
            if summary and int(summary[2]):
                self.item_seconds = float(summary[3]) / int(summary[2])
                self.all_items = summary[1] == summary[2]
            refused = _REFUSED.match(line, prefix.end())
            self.refused = refused[1] if refused else self.refused
            with self._reader():
                self._out.write(line[prefix.end() :] + "\n")
            return
        plain = COLOUR.sub("", line)
        codes = _CODES.search(plain)
        if codes:
            numbers = [int(code) for code in _CODE.findall(codes[1])]
            self.exit_code = next((number for number in numbers if number), None)
        if self._is_traceback(plain):
            return
        text = line if self._aside.isatty() else plain
        self._aside.write(text.replace(_UNTRUE_HERE, "") + "\n")

    @property
    def utilization(self) -> Utilization | None:
        """How much the job uses of its machine, or machines; None where none has told."""
        return together(self._used.values())

    def _without_utilization(self, line: str) -> tuple[str, bool]:
        """The line without what its machine tells of itself there, and whether nothing else is left of it: a progress
        bar may stand before it."""
        told = _USED.search(line) if NOTED in line else None
        if not told:
            return line, False
        found = utilization_in(told[1])
        if found:
            node = _NODE.search(line[: told.start()])
            self._used[node[1] if node else "0"] = found._replace(at=time.time())
            self.heard()
        rest = line[: told.start()] + line[told.end() :]
        prefix = _JOB.match(rest)
        return rest, not rest[prefix.end() if prefix else 0 :].strip()

    def _is_traceback(self, line: str) -> bool:
        """Whether it is of one that SkyPilot logs, as it does where RunPod has no GPU left; why, it says besides."""
        logged = _LOGGED.match(line)
        if logged and logged[0] == self._traceback:
            return True
        self._traceback = logged[0] if logged and line.endswith(_TRACEBACK) else ""
        return bool(self._traceback)
