"""Every command of a job, in the order in which they would run, for rules that look at more than the model."""

import os
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from gpuspec.commands.files import Folder
from gpuspec.commands.shell import GPU_COUNT, UNKNOWN, Command, parse
from gpuspec.job.job import Job

_SHELLS = frozenset({"bash", "sh", "zsh", "dash", "source", "."})
_DEPTH = 3


class Step(NamedTuple):
    """One command. `pointer` is where its text stands in the spec; `path` the script it stands in, when that is
    not the spec; `setup` tells preparation from the work itself. Offsets of `command` are in that text. `text` is
    the command on one line, unknown pieces as "…"."""

    command: Command
    pointer: str
    path: str | None
    setup: bool
    text: str


def trace(job: Job, path: str | None = None) -> tuple[Step, ...]:
    """The commands of `setup` and `run`, shell scripts beside the spec (at `path`) followed. A script that cannot
    be read stays in the list as the command that starts it. Nothing is executed."""
    root = (os.path.dirname(path) or ".") if path and os.path.isfile(path) else None
    folder = Folder(root)
    env: dict[str, str | None] = {**job.env, **dict.fromkeys(job.secrets)}
    workdir = (job.workdir or "").removeprefix("./")
    within = "" if workdir == "." else workdir
    texts = [(step.run, step.pointer, True) for step in job.steps]
    if job.run:
        texts.append((job.run, job.pointer("run"), False))
    return tuple(
        Step(command, at, script, setup, _line(command))
        for text, at, setup in texts
        for command, script in _commands(text, env, folder, within)
    )


def _commands(
    text: str,
    env: Mapping[str, str | None],
    folder: Folder,
    within: str,
    script: str | None = None,
    arguments: tuple[str, ...] | None = None,
    depth: int = 0,
) -> Iterator[tuple[Command, str | None]]:
    for command in parse(text, env, arguments).commands:
        found = _script(command)
        inner = folder.read(found, within) if found and depth < _DEPTH else None
        if found is None or inner is None:
            yield command, script
            continue
        at = next(index for index, word in enumerate(command.words) if word.value == found)
        given = tuple(word.text for word in command.words[at + 1 :])
        yield from _commands(inner, env, folder, within, found, given, depth + 1)


def _line(command: Command) -> str:
    return " ".join(word.text for word in command.words).replace(UNKNOWN, "…").replace(GPU_COUNT, "…")


def _script(command: Command) -> str | None:
    """The shell file that a command runs: `bash x.sh`, `./x.sh`, `source x.sh`."""
    rest = [word.value for word in command.words[1:] if not word.text.startswith("-")]
    if command.name in _SHELLS:
        return rest[0] if rest and rest[0] and not rest[0].endswith("activate") else None
    return command.words[0].value if command.name.endswith(".sh") else None
