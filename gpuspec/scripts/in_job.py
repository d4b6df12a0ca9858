"""Launches in what a job runs itself."""

from __future__ import annotations

from collections.abc import Iterable

from gpuspec.commands.shell.script import Command
from gpuspec.scripts.beside import ScriptSource
from gpuspec.scripts.found import RepeatedLaunch
from gpuspec.scripts.loops import Judge
from gpuspec.scripts.shell import judge_commands


def launches_in_job(commands: Iterable[Command], text: str) -> tuple[ScriptSource, list[RepeatedLaunch]]:
    """What the loops of a job's commands launch per item; the text, as a script."""
    source = ScriptSource(text)
    judge = Judge(source)
    judge_commands(commands, text, judge)
    return source, judge.repeated()
