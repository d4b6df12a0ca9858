"""A job's commands as Steps, in the order in which they would run: read once, for the Workload and for the rules."""

import os
from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence

from gpuspec.commands.files import Folder, ReadFile
from gpuspec.commands.shell.scope import MACHINE_COUNT_NAMES, StepBudget
from gpuspec.commands.shell.script import Command
from gpuspec.commands.word import UNKNOWN, shown
from gpuspec.job.job import Job, Piece
from gpuspec.named_tuple import NamedTuple

_SHELLS = frozenset({"bash", "sh", "zsh", "dash", "source", "."})
_DEPTH = 3
_SCRIPTS = 50
"""Followed in one job, the same one counted each time."""


class Step(NamedTuple):
    """One command. `pointer` is where its text stands in the spec; `path` the script it stands in, seen from the
    spec's folder, when that is not the spec; `setup` tells preparation from the work itself. `text` is the command on
    one line, unknown pieces as "…".

    Offsets of `command` are in the text that it stands in. Of a command in a script, the wrappers and enclosures of
    the command that starts the script come first."""

    command: Command
    pointer: str
    path: str | None
    setup: bool
    text: str
    files: Folder
    writes: int = 0
    """How many files the commands before it wrote."""
    pieces: tuple[Piece, ...] = ()
    """Where parts of the text stand that the command is read from, where that is not one string of the file."""

    def pointer_of(self, text: str) -> str:
        """Where an argument of the command stands: some of its words, as written on one line."""
        if not self.pieces:
            return self.pointer
        words = self.command.words
        first = text.partition(" ")[0]
        at = next((at for at, word in enumerate(words) if word.text == first), None)
        if at is None:
            at = next((at for at, word in enumerate(words) if first and first in word.text), 0)
        return piece_at(self.pieces, words[at].start, self.pointer) if words else self.pointer

    def file(self, path: str) -> str | None:
        """A path that the command names, seen from the spec's folder; None where that cannot be told."""
        return None if UNKNOWN in self.command.folder else self.files.path(path, self.command.folder)

    def read(self, path: str) -> str | None:
        """Text of a file that the command names: one beside the spec, or one that a command before it wrote."""
        found = self.file(path)
        return None if found is None else self.files.read(found, self.writes)


def piece_at(pieces: Sequence[Piece], offset: int, default: str) -> str:
    """The place of the character at `offset` of a text; `default` where no piece has it."""
    at = bisect_right(pieces, offset, key=lambda piece: piece.start) - 1
    return pieces[at].pointer if at >= 0 else default


def read_steps(
    job: Job,
    path: str | None = None,
    read_file: ReadFile | None = None,
    unread: dict[str, str] | None = None,
) -> tuple[Step, ...]:
    """The commands of `setup` and `run`; shell scripts beside the spec (at `path`) are followed, one that cannot be
    read stays as the command that starts it. `read_file` reads files instead, by their path from the spec's folder.
    Nothing is executed. What is left out because there is too much of it is noted in `unread`, with what to do about
    it; that grows while files that the commands name are read."""
    texts = [(text, at, True) for text, at in _setup(job)]
    if job.run:
        texts.append((job.run, job.pointer("run"), False))
    if not texts:
        return ()
    root = (os.path.dirname(path) or ".") if path and os.path.isfile(path) else None  # not for standard input
    workdir = os.path.normpath(job.workdir or ".")
    workdir = "" if workdir == "." else workdir
    reader = _Reader(Folder(root, read_file, workdir))
    if unread is not None:
        reader.files.unread = unread
    machines = dict.fromkeys(MACHINE_COUNT_NAMES, str(job.nodes)) if job.nodes else {}
    env: dict[str, str | None] = {**machines, **job.launcher_env, **job.env, **dict.fromkeys(job.secrets)}
    return tuple(
        step
        for text, at, setup in texts
        for step in reader.read(text, at, setup, env=env, folder=workdir, pieces=job.pieces.get(at, ()))
    )


def _setup(job: Job) -> Sequence[tuple[str, str]]:
    if job.steps:
        return [(step.run, step.pointer) for step in job.steps]
    return [(text, job.pointer("setup")) for text in job.setup]


class _Reader:
    """Reads texts of commands one after another; `writes` is how many files they wrote so far."""

    def __init__(self, files: Folder) -> None:
        self.files = files
        self.writes = 0
        self.scripts = _SCRIPTS
        self.budget = StepBudget()

    def read(
        self,
        text: str,
        pointer: str,
        setup: bool,
        *,
        env: Mapping[str, str | None],
        folder: str,
        path: str | None = None,
        arguments: tuple[str, ...] | None = None,
        starters: tuple[Command, ...] = (),
        pieces: tuple[Piece, ...] = (),
    ) -> Iterator[Step]:
        """Steps of one text. `starters` are the commands that start the script at `path`, outermost first."""
        from gpuspec.commands.shell.walk import parse

        script = parse(text, env, arguments, folder, self.budget)
        if script.cut:
            garbled = "its commands are too long, do too much or are too garbled"
            self.files.unread[garbled] = "split the job, and keep data out of its commands"
        for command in script.commands:
            if starters:
                command = command._replace(
                    wrappers=starters[-1].wrappers + command.wrappers,
                    enclosures=starters[-1].enclosures + command.enclosures,
                )
            place = piece_at(pieces, command.start, pointer)
            step = Step(command, place, path, setup, _line(command), self.files, self.writes, pieces)
            at = _script(command)
            found = step.file(command.words[at].text) if at is not None else None
            inner = step.files.read(found, self.writes) if found and len(starters) < _DEPTH else None
            if inner is not None and not self.scripts:
                self.files.unread[f"it starts more than {_SCRIPTS} scripts"] = (
                    "start fewer scripts in one job"
                )
                inner = None
            if at is None or inner is None:
                self._note_written(step)
                yield step
                continue
            self.scripts -= 1
            yield from self.read(
                inner,
                place,
                setup,
                env=command.environment,
                folder=command.folder,
                path=found,
                arguments=tuple(word.text for word in command.words[at + 1 :]),
                starters=(*starters, command),
            )

    def _note_written(self, step: Step) -> None:
        """A file that a here-document fills: `cat > x.py <<EOF`, `tee x.py <<EOF`."""
        command = step.command
        if command.name not in ("cat", "tee"):
            return
        text = next((r.target.text for r in command.redirects if r.operator == "<<"), None)
        target = next((r.target for r in command.redirects if r.operator in (">", ">>")), None)
        if target is None and command.name == "tee":
            target = command.words[-1]
        path = step.file(target.value) if target and target.value else None
        if text is not None and path is not None:
            self.writes = self.files.write(path, text)


def _line(command: Command) -> str:
    return shown(" ".join(word.text for word in command.words), "…")


def _script(command: Command) -> int | None:
    """Which word is the shell file that a command runs: `bash x.sh`, `./x.sh`, `source x.sh`."""
    at = 0
    if command.name in _SHELLS:
        plain = (at for at, word in enumerate(command.words) if at and word.text[:1] not in ("-", "+"))
        at = next(plain, 0)
        if not at or command.words[at].text.endswith("activate"):
            return None
    elif not command.name.endswith(".sh"):
        return None
    return at if command.words[at].value else None


def python_text(step: Step) -> tuple[str, str | None] | None:
    """What a plain `python …` runs: a file that is here, a here-document or `-c`, and the path of
    the file; None for all else."""
    command = step.command
    if not command.name.startswith("python") or command.wrappers:
        return None
    words = command.words[1:]
    for at, word in enumerate(words):
        if word.text == "-c":
            return (words[at + 1].text, step.path) if at + 1 < len(words) else None
        if word.text in ("-m", "-W", "-X") or word.value is None:
            return None
        if word.text.endswith(".py"):
            text = step.read(word.text)
            return None if text is None else (text, word.text)
        if word.text == "-" or not word.text.startswith("-"):
            break
    text = next((r.target.text for r in command.redirects if r.operator == "<<"), None)
    return None if text is None else (text, step.path)
