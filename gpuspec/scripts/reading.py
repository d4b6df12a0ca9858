"""A script's launch loops, whatever it is written in."""

from __future__ import annotations

import re
from functools import lru_cache

from gpuspec.named_tuple import NamedTuple
from gpuspec.scripts.launch_commands import mentions_launches
from gpuspec.scripts.loops import Judge, RepeatedLaunch
from gpuspec.text import Span

_TEST_FILE = re.compile(r"(?:^|[/\\])(?:test_[^/\\]*|[^/\\]*_test|conftest)\.\w+$")
LARGEST = 1 << 18
"""Characters: no launch script written by a person comes near."""


class Launches(NamedTuple):
    """The launches that loops repeat per item. `unread` is what was left out because there is too much of it."""

    repeated: tuple[RepeatedLaunch, ...] = ()
    unread: str = ""


@lru_cache(maxsize=1)  # two rules ask
def launches(path: str, text: str, kind: str) -> Launches:
    """Launches that a loop repeats per item, and what was not read. `kind` is shell, python, makefile, workflow or
    package. Silent for tests (they pretend) and for what cannot be parsed."""
    if not mentions_launches(text) or _TEST_FILE.search(path):
        return Launches()
    if len(text) > LARGEST:
        return Launches(unread=f"it has more than {LARGEST:,} characters")
    judge = Judge(text)
    _read(text, kind, judge)
    found = judge.repeated()
    if kind in ("makefile", "workflow", "package"):
        found = [_narrowed(launch, text) for launch in found]
    return Launches(tuple(found), "it does too much, or is too garbled" if judge.budget.cut else "")


def _narrowed(launch: RepeatedLaunch, text: str) -> RepeatedLaunch:
    """Where a whole step or recipe is known only: the line in it that launches."""
    start, end = launch.span
    words = r"\s+".join(re.escape(word) for word in launch.launcher.words)
    match = re.compile(words + r"[^\n\"]*").search(text, start, end) if words else None
    return launch._replace(span=Span(match.start(), match.end())) if match else launch


def _read(text: str, kind: str, judge: Judge) -> None:
    if kind == "python":
        from gpuspec.scripts.python import read_python
        from gpuspec.scripts.python_follow import follow

        program = read_python(text)
        if program is not None:
            follow(program, judge)
    elif kind == "makefile":
        from gpuspec.scripts.make import judge_makefile

        judge_makefile(text, judge)
    elif kind == "workflow":
        from gpuspec.scripts.workflow import judge_workflow

        judge_workflow(text, judge)
    elif kind == "package":
        from gpuspec.scripts.package import judge_package

        judge_package(text, judge)
    else:
        from gpuspec.scripts.shell import REPEATS, judge_shell

        if REPEATS.search(text):
            judge_shell(text, judge)
