"""What other files of the repository launch when a script runs or sources them."""

from __future__ import annotations

import re
from collections.abc import Hashable

from gpuspec.commands.word import UNKNOWN, Word
from gpuspec.scripts.beside import ScriptSource
from gpuspec.scripts.launch_commands import identity_of, launcher_of
from gpuspec.scripts.launchers import LaunchCommand, mentions_launches
from gpuspec.scripts.loops import Judge
from gpuspec.scripts.program import ScriptCommand

_LARGEST = 1 << 17
"""Characters of a wrapper: there are others to read."""


def launched_by(source: ScriptSource) -> LaunchCommand | None:
    """What a program launches anew each time it is run."""
    if len(source.text) > _LARGEST or not source.may_launch():
        return None
    judge = Judge(source)
    if _is_python(source):
        from gpuspec.scripts.python import read_python
        from gpuspec.scripts.python_follow import follow

        program = read_python(source)
        if program is None:
            return None
        follow(program, judge)
    elif _is_shell(source):
        from gpuspec.scripts.shell import judge_shell

        judge_shell(source.text, judge)
    else:
        return None
    return _named(source.path, [run for run, _ in judge.launched()], source)


def functions_that_launch(source: ScriptSource) -> dict[str, LaunchCommand]:
    """The functions of a shell file that launch, by name."""
    if len(source.text) > _LARGEST or not source.may_launch():
        return {}
    from gpuspec.commands.shell.walk import parse
    from gpuspec.scripts.shell import script_command

    runs: dict[str, list[ScriptCommand]] = {}
    for command in parse(source.text).commands:
        names = [around.text for around in command.enclosures if around.kind == "function"]
        run = script_command(command, source.text) if names else None
        if run is not None and launcher_of(run, source) is not None:
            for name in names:
                runs.setdefault(name, []).append(run)
    found = {name: _named(f"{name} ({source.path})", several, source) for name, several in runs.items()}
    return {name: launcher for name, launcher in found.items() if launcher is not None}


def recipes_that_launch(source: ScriptSource) -> dict[str, LaunchCommand]:
    """The recipes of a Makefile or justfile that launch, by name."""
    if len(source.text) > _LARGEST or not mentions_launches(source.text):
        return {}
    judge = Judge(source)
    names: dict[str, Hashable]
    if source.path.endswith("akefile") or source.path.endswith(".mk"):
        from gpuspec.scripts.make import judge_makefile, targets_of

        judge_makefile(source.text, judge)
        names = targets_of(source.text, judge.budget)
    elif source.path.endswith(".json"):
        from gpuspec.scripts.package import judge_package

        names = {name: name for name in judge_package(source.text, judge)}
    else:
        from gpuspec.scripts.just import judge_justfile, recipe_names

        judge_justfile(source.text, judge)
        names = recipe_names(source.text)
    runs: dict[Hashable, list[ScriptCommand]] = {}
    for alone in judge.alone:
        place = alone.place[0] if isinstance(alone.place, tuple) and alone.place else alone.place
        runs.setdefault(place, []).append(alone.run)
    found = {name: _named(name, runs[place], source) for name, place in names.items() if place in runs}
    return {name: launcher for name, launcher in found.items() if launcher is not None}


def _named(name: str, runs: list[ScriptCommand], source: ScriptSource) -> LaunchCommand | None:
    """The launch that makes a new machine each time: one with a fixed name is the same machine again."""
    for run in runs:
        launcher = launcher_of(run, source)
        identity = identity_of(launcher, run) if launcher else None
        if launcher is not None and (identity is None or _varies(identity)):
            own = f"{name}` → `{launcher.name}"
            return LaunchCommand(own, (), queue=launcher.queue, kind=launcher.kind, hours=launcher.hours)
    return None


def _varies(word: Word) -> bool:
    return UNKNOWN in word.text or bool(word.names) or "$" in word.text


def _is_python(source: ScriptSource) -> bool:
    return source.path.endswith(".py") or bool(re.match(r"#!.*python", source.text))


def _is_shell(source: ScriptSource) -> bool:
    return source.path.endswith((".sh", ".bash", ".zsh", ".ksh")) or bool(re.match(r"#!.*sh\b", source.text))
