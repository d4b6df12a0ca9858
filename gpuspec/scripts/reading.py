"""A script's launch loops, whatever it is written in."""

from __future__ import annotations

import re

from gpuspec.named_tuple import NamedTuple
from gpuspec.scripts.beside import Following, ScriptSource
from gpuspec.scripts.found import RepeatedLaunch
from gpuspec.scripts.launchers import LaunchCommand, mentions_launches
from gpuspec.scripts.loops import Judge
from gpuspec.scripts.program import ScriptCommand
from gpuspec.scripts.wrapped import functions_that_launch, launched_by, recipes_that_launch
from gpuspec.text import Span

_TEST_FILE = re.compile(r"(?:^|[/\\])(?:test_[^/\\]*|[^/\\]*_test|conftest)\.\w+$")
_JUST = re.compile(r"(?i)(?:^|[/\\])\.?justfile$|\.just$")
LARGEST = 1 << 18
"""Characters: no launch script written by a person comes near."""


class Launches(NamedTuple):
    """The launches that loops repeat per item, and all that there are. `unread` is what was left out because there is
    too much of it. `source` is the script with what stands beside it."""

    repeated: tuple[RepeatedLaunch, ...] = ()
    unread: str = ""
    every: tuple[tuple[ScriptCommand, LaunchCommand], ...] = ()
    source: ScriptSource = ScriptSource("")


def launches(path: str, text: str, kind: str) -> Launches:
    """Launches that a loop repeats per item, and what was not read. `kind` is shell, python, makefile, workflow or
    package. Silent for tests (they pretend) and for what cannot be parsed."""
    if _TEST_FILE.search(path):
        return Launches()
    source = ScriptSource(text, path, Following(launched_by, functions_that_launch, recipes_that_launch))
    if len(text) > LARGEST and not mentions_launches(text):
        return Launches()
    if not source.may_launch():
        return Launches()
    if len(text) > LARGEST:
        return Launches(unread=f"it has more than {LARGEST:,} characters")
    judge = Judge(source)
    _read(source, kind, judge)
    found = judge.repeated()
    if kind in ("makefile", "workflow", "package"):
        found = [_narrowed(launch, text) for launch in found]
    unread = "it does too much, or is too garbled" if judge.budget.cut else ""
    return Launches(tuple(found), unread, tuple(judge.launched()), source)


def _narrowed(launch: RepeatedLaunch, text: str) -> RepeatedLaunch:
    """Where a whole step or recipe is known only: the line in it that launches."""
    start, end = launch.span
    words = r"\s+".join(re.escape(word) for word in launch.launcher.words)
    if not words and launch.run.words:  # a wrapper: by the name it is called by
        words = re.escape(launch.run.words[0].text)
    match = re.compile(words + r"[^\n\"]*").search(text, start, end) if words else None
    return launch._replace(span=Span(match.start(), match.end())) if match else launch


def _read(source: ScriptSource, kind: str, judge: Judge) -> None:
    text = source.text
    if kind == "python":
        from gpuspec.scripts.python import read_python
        from gpuspec.scripts.python_follow import follow

        program = read_python(source)
        if program is not None:
            follow(program, judge)
    elif kind == "makefile" and _JUST.search(source.path):
        from gpuspec.scripts.just import judge_justfile

        judge_justfile(text, judge)
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
        from gpuspec.scripts.shell import judge_shell

        judge_shell(text, judge)
