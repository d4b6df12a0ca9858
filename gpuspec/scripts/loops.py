"""Which loops launch a machine per item: the judgement, the same for every language."""

from __future__ import annotations

import re
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence

from gpuspec.commands.python.expressions import VOLATILE
from gpuspec.commands.shell.scope import StepBudget
from gpuspec.commands.word import Word
from gpuspec.named_tuple import NamedTuple
from gpuspec.scripts.beside import ScriptSource
from gpuspec.scripts.found import Alone, RepeatedLaunch
from gpuspec.scripts.launch_commands import identity_of, launcher_of, spec_of
from gpuspec.scripts.launchers import LaunchCommand
from gpuspec.scripts.program import Guard, Loop, ScriptCommand
from gpuspec.scripts.unrolled import unrolled
from gpuspec.scripts.work import (
    HARDWARE,
    PLACE,
    QUEUE,
    TO_WORK_ON,
    given,
    given_to,
    is_elsewhere,
    is_fixed_number,
    is_of_parts,
    parts_made,
)
from gpuspec.text import Span

_RETRY = re.compile(
    r"(?:^|[^a-z])(?:attempts?|retr(?:y|ies)|max_tries|tries|n_try|backoff)(?:[^a-z]|$)", re.IGNORECASE
)
_HEAD = 4_000
"""Characters of a loop that are searched for what takes the next item."""
_STEPS = 50_000
"""Shell statements read in one script: functions that call functions could go on for ever."""

Starts = Callable[[ScriptCommand, ScriptSource], "LaunchCommand | None"]
"""(command, the script) → what it launches."""

Guards = tuple[tuple[Guard, int], ...]
"""What the branches around a command ask, each with the number of loops around the branch."""


class Frame:
    """One loop being followed: which names change from one turn to the next, and what has been launched so far.
    `mark` is what changing words of shell hold (`commands.word`); Python's are known by their variables."""

    def __init__(self, loop: Loop, mark: str = "") -> None:
        self.loop = loop
        self.mark = mark
        self.changing = {mark} if mark else {*loop.variables, VOLATILE}
        self.pending: list[_Launched] = []
        self.ends_on_success: set[_Launched] = set()


class _Launched(NamedTuple):
    run: ScriptCommand
    launcher: LaunchCommand
    frames: tuple[tuple[Frame, bool], ...]
    """Each loop around it, and whether in that loop this launch is one per item."""


class Judge:
    """Is told what a script runs and where it leaves loops, in order. `starts` says which commands count as
    launches."""

    def __init__(self, source: ScriptSource, starts: Starts = launcher_of) -> None:
        self.source = source
        self.starts = starts
        self.budget = StepBudget(_STEPS)
        self.found: list[_Launched] = []
        self.alone: list[Alone] = []
        self.calls: list[Alone] = []
        """Calls, outside loops, of functions that launch."""
        self.parts = parts_made(source.code)
        self.place: tuple[Hashable, ...] = ()
        """Where in the script what is told now stands: a function, a recipe, a step."""

    def run(self, run: ScriptCommand, frames: Sequence[Frame], guards: Guards) -> None:
        """A command inside some loops, outermost first."""
        launcher = self.starts(run, self.source)
        if launcher is None:
            return
        if not frames:
            self.alone.append(Alone(run, launcher, None if guards else self.place))
            return
        judged = []
        for depth, frame in enumerate(frames, 1):
            inside = [guard for guard, at in guards if at >= depth]
            before = self.source.text[frame.loop.span.start : run.span.start][:_HEAD]
            parts = is_of_parts(frame.loop, self.parts)
            judged.append((frame, not parts and _per_item(frame, run, launcher, inside, before)))
        queued = [per_item for frame, per_item in judged if frame.loop.kind == "forever"]
        if queued and not any(queued) and not _changes_any(run, frames):
            judged = [(frame, False) for frame in frames]  # as many of the same as are wanted
        launched = _Launched(run, launcher, tuple(judged))
        for frame in frames:
            frame.pending.append(launched)
        self.found.append(launched)

    def launched(self) -> Iterator[tuple[ScriptCommand, LaunchCommand]]:
        """Every launch, in a loop or not."""
        for alone in self.alone:
            yield alone.run, alone.launcher
        for launched in self.found:
            yield launched.run, launched.launcher

    def leave(self, frames: Sequence[Frame], first: int, guards: Guards) -> None:
        """The loops from the `first` on are left, if the branches around let it."""
        for at, frame in enumerate(frames[first:], first + 1):
            if not any(guard in ("failure", "limit") for guard, where in guards if where >= at):
                frame.ends_on_success.update(frame.pending)
                frame.pending.clear()

    def repeated(self) -> list[RepeatedLaunch]:
        """Every launch that some loop repeats per item, in the order of the text, each once."""
        best: dict[Span, RepeatedLaunch] = {}
        for launched in self.found:
            frames = [
                frame
                for frame, per_item in launched.frames
                if per_item and launched not in frame.ends_on_success
            ]
            if not frames:
                continue
            loops = [frame.loop for frame in frames]
            items: int | None = 1
            for loop in loops:
                items = None if items is None or loop.items is None or loop.items < 2 else items * loop.items
            span = launched.run.span
            changing = frozenset().union(*(frame.changing for frame in frames))
            best.setdefault(
                span,
                RepeatedLaunch(
                    launched.launcher,
                    span,
                    loops[0],
                    items,
                    spec_of(launched.run),
                    around=tuple(frame.loop for frame, _ in launched.frames),
                    run=launched.run,
                    keys=given_to(launched.run.words, changing),
                ),
            )
        for launch in (*unrolled(self.alone), *unrolled(self.calls)):
            best.setdefault(launch.span, launch)
        return [best[span] for span in sorted(best)]


def _per_item(
    frame: Frame, run: ScriptCommand, launcher: LaunchCommand, guards: Sequence[Guard], before: str
) -> bool:
    """Whether a loop repeats a launch per item. `before` is what of the loop's text stands before it."""
    loop = frame.loop
    if loop.kind == "forever":
        return _takes_from_queue(before, [*run.words, run.fed], frame)
    if _single(loop) or "first" in guards or any(TO_WORK_ON.search(word.text) for word in run.words):
        return False
    if _RETRY.search(" ".join((*loop.variables, loop.over.text))) or _over_hardware(loop):
        return False
    if is_elsewhere(loop, run.words, frame.changing):
        return False
    # Of vast.ai's offers each is taken once: which one it is, is no item.
    words = run.words[4:] if launcher.name.startswith("vastai") else run.words
    if _changes(given(run.words, launcher.other), frame) or is_fixed_number(
        loop, [*words, run.fed], frame.changing, before, identity_of(launcher, run)
    ):
        return False
    if not _changes([*run.words, run.fed], frame):
        return (
            loop.kind in ("for", "map") and not launcher.idempotent and not launcher.identity and not guards
        )
    if not _changes([*words, run.fed], frame) and loop.kind != "map":
        return False  # the offer alone differs: as many of the same as are wanted
    identity = identity_of(launcher, run)
    if identity is None or _changes([identity], frame):
        return True
    return launcher.idempotent and identity.text == "-" and _changes([run.fed], frame)


def _takes_from_queue(before: str, words: Sequence[Word], frame: Frame) -> bool:
    """Whether a loop without an end hands over what it takes from a queue: `job=$(redis-cli lpop jobs)`."""
    taken = {
        line.partition("=")[0].split()[-1]
        for line in before.splitlines()
        if QUEUE.search(line) and line.partition("=")[0].strip()
    }
    return bool(taken) and (_changes(words, frame) or any(word.names & taken for word in words))


def _changes_any(run: ScriptCommand, frames: Sequence[Frame]) -> bool:
    return any(_changes([*run.words, run.fed], frame) for frame in frames)


def _single(loop: Loop) -> bool:
    if loop.items is None or loop.items > 1:
        return False
    # Written down in haste, `for f in files` means all of them.
    return not (loop.items == 1 and re.fullmatch(r"[a-z]{3,}s", loop.over.text))


def _over_hardware(loop: Loop) -> bool:
    """Whether it goes over kinds or places of machines: one machine could not stand for all of them."""
    over = " ".join(sorted(loop.over.names))
    if len(loop.over.text) < 60 and "(" not in loop.over.text:
        over += " " + loop.over.text
    if HARDWARE.search(over):
        return True
    return bool(loop.variables) and all(
        HARDWARE.search(name) or PLACE.fullmatch(name) for name in loop.variables
    )


def _changes(words: Iterable[Word], frame: Frame) -> bool:
    return any(word.names & frame.changing for word in words)
