"""Which loops launch a machine per item: the judgement, the same for every language."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence

from gpuspec.commands.python.expressions import VOLATILE
from gpuspec.commands.shell.scope import StepBudget
from gpuspec.commands.word import Word
from gpuspec.named_tuple import NamedTuple
from gpuspec.scripts.launch_commands import LaunchCommand, identity_of, launcher_of, spec_of
from gpuspec.scripts.program import Guard, Loop, ScriptCommand
from gpuspec.text import Span

_RETRY = re.compile(
    r"(?:^|[^a-z])(?:attempts?|retr(?:y|ies)|max_tries|tries|n_try|backoff)(?:[^a-z]|$)", re.IGNORECASE
)
_HARDWARE = re.compile(
    r"(?:^|\W)(?:\w+_)?(?:gpus?|accelerators?|accs?|regions?|zones?|clouds?|providers?|data_?centers?|dcs?|locations?|infras?|"
    r"(?:instance|machine|vm)_?(?:types?|sizes?)|flavors?|skus?|hardware)"
    r"(?:_?(?:types?|names?|ids?|lists?|options?|candidates?|fallbacks?|order|priority|preferences?|to_try|\d))*(?:\W|$)",
    re.IGNORECASE,
)

_STEPS = 50_000
"""Shell statements read in one script: functions that call functions could go on for ever."""

Starts = Callable[[ScriptCommand, str], "LaunchCommand | None"]
"""(command, text of the script) → what it launches."""

Guards = tuple[tuple[Guard, int], ...]
"""What the branches around a command ask, each with the number of loops around the branch."""


class RepeatedLaunch(NamedTuple):
    """A launch that a loop repeats per item. `items` is the product over the loops that count, None where one is
    not countable. `loop` is the outermost one."""

    launcher: LaunchCommand
    span: Span
    loop: Loop
    items: int | None
    spec: str | None


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
    """Is told what a script runs and where it leaves loops, in order. `starts` says which commands count as launches;
    `text` is the whole script."""

    def __init__(self, text: str, starts: Starts = launcher_of) -> None:
        self.text = text
        self.starts = starts
        self.budget = StepBudget(_STEPS)
        self.found: list[_Launched] = []

    def run(self, run: ScriptCommand, frames: Sequence[Frame], guards: Guards) -> None:
        """A command inside some loops, outermost first."""
        launcher = self.starts(run, self.text) if frames else None
        if launcher is None:
            return
        judged = []
        for depth, frame in enumerate(frames, 1):
            inside = [guard for guard, at in guards if at >= depth]
            judged.append((frame, _per_item(frame, run, launcher, inside)))
        launched = _Launched(run, launcher, tuple(judged))
        for frame in frames:
            frame.pending.append(launched)
        self.found.append(launched)

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
            loops = [
                frame.loop
                for frame, per_item in launched.frames
                if per_item and launched not in frame.ends_on_success
            ]
            if not loops:
                continue
            items: int | None = 1
            for loop in loops:
                items = None if items is None or loop.items is None or loop.items < 2 else items * loop.items
            span = launched.run.span
            best.setdefault(
                span, RepeatedLaunch(launched.launcher, span, loops[0], items, spec_of(launched.run))
            )
        return [best[span] for span in sorted(best)]


def _per_item(frame: Frame, run: ScriptCommand, launcher: LaunchCommand, guards: Sequence[Guard]) -> bool:
    loop = frame.loop
    if loop.kind == "forever" or _single(loop) or "first" in guards:
        return False
    if _RETRY.search(" ".join((*loop.variables, loop.over.text))) or _over_hardware(loop):
        return False
    if _changes(_given(run.words, launcher.other), frame):
        return False
    if not _changes([*run.words, run.fed], frame):
        return (
            loop.kind in ("for", "map") and not launcher.idempotent and not launcher.identity and not guards
        )
    identity = identity_of(launcher, run)
    if identity is None or _changes([identity], frame):
        return True
    return launcher.idempotent and identity.text == "-" and _changes([run.fed], frame)


def _given(words: Sequence[Word], options: tuple[str, ...]) -> list[Word]:
    """The words that give these options their values: the option's own where it ends in "=", else the next."""
    named = [word.text.partition("=")[0].replace("_", "-") for word in words]
    return [
        word
        for at, word in enumerate(words)
        if ("=" in word.text and named[at] in options)
        or (at and "=" not in words[at - 1].text and named[at - 1] in options)
    ]


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
    if _HARDWARE.search(over):
        return True
    return bool(loop.variables) and all(_HARDWARE.search(name) for name in loop.variables)


def _changes(words: Iterable[Word], frame: Frame) -> bool:
    return any(word.names & frame.changing for word in words)
