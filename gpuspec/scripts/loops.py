"""Which loops launch a machine per item: the judgement, the same for every language."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

from gpuspec.scripts.launchers import Launcher, identity_of, launcher_of, spec_of
from gpuspec.scripts.program import (
    VOLATILE,
    Assign,
    Branch,
    Call,
    Exit,
    Function,
    Guard,
    Loop,
    Node,
    Program,
    Run,
    Word,
)
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
_DEPTH = 6
_STEPS = 50_000
"""Steps followed in one script: functions that call functions could go on for ever."""

Starts = Callable[[Run, str], "Launcher | None"]
"""(command, text of the script) → what it launches."""


class RepeatedLaunch(NamedTuple):
    """A launch that a loop repeats per item. `items` is the product over the loops that count, None where one is
    not countable. `loop` is the outermost one."""

    launcher: Launcher
    span: Span
    loop: Loop
    items: int | None
    spec: str | None


class _Frame:
    """One loop being walked: which names change from one turn to the next, and what has been launched so far."""

    def __init__(self, loop: Loop) -> None:
        self.loop = loop
        self.changing = {*loop.variables, VOLATILE}
        self.fresh: set[str] = set()
        self._carried()
        self.pending: list[_Launched] = []
        self.ends_on_success: list[_Launched] = []

    def _carried(self) -> None:
        """Counters: names that grow in the loop without being set in it first."""
        seen: set[str] = set()
        for node in _all(self.loop.body):
            if isinstance(node, Assign):
                if node.name in node.value.names and not node.adds and node.name not in seen:
                    self.changing.add(node.name)
                seen.add(node.name)

    def assign(self, node: Assign) -> None:
        grows = node.name in node.value.names or node.adds
        carried = grows and node.name not in self.fresh and not node.adds
        if carried or node.value.names & self.changing:
            self.changing.add(node.name)
        elif not grows and node.name not in self.loop.variables:
            self.changing.discard(node.name)
        self.fresh.add(node.name)


class _Launched(NamedTuple):
    run: Run
    launcher: Launcher
    frames: tuple[tuple[_Frame, bool], ...]
    """Each loop around it, and whether in that loop this launch is one per item."""


class _Walk:
    """Follows a program through its functions with the loops around each step."""

    def __init__(self, program: Program, starts: Starts) -> None:
        self.program = program
        self.starts = starts
        self.found: list[_Launched] = []
        self.launches: dict[str, bool] = {}
        self.left = _STEPS

    def steps(
        self,
        nodes: Sequence[Node],
        frames: list[_Frame],
        guards: tuple[tuple[Guard, int], ...],
        calls: tuple[str, ...],
        inner: int,
    ) -> None:
        """`inner` is how many of `frames` lie outside the function being walked."""
        for node in nodes:
            self.left -= 1
            if self.left < 0:
                return
            if isinstance(node, Run):
                self.run(node, frames, guards)
            elif isinstance(node, Assign):
                for frame in frames:
                    frame.assign(node)
            elif isinstance(node, Loop):
                frame = _Frame(node)
                self.steps(node.body, [*frames, frame], guards, calls, inner)
            elif isinstance(node, Branch):
                self.steps(node.body, frames, (*guards, (node.guard, len(frames))), calls, inner)
                self.steps(
                    node.otherwise, frames, (*guards, (_opposite(node.guard), len(frames))), calls, inner
                )
            elif isinstance(node, Exit):
                self.leave(node, frames, guards, inner)
            elif isinstance(node, Call):
                self.call(node, frames, guards, calls)

    def run(self, run: Run, frames: list[_Frame], guards: tuple[tuple[Guard, int], ...]) -> None:
        launcher = self.starts(run, self.program.text) if frames else None
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

    def leave(
        self, node: Exit, frames: list[_Frame], guards: tuple[tuple[Guard, int], ...], inner: int
    ) -> None:
        depth = len(frames)
        if node.levels == "program":
            left = frames
        elif node.levels == "function":
            left = frames[inner:]
        else:
            left = frames[max(inner, depth - node.levels) :]
        for frame in left:
            at = frames.index(frame) + 1
            if not any(guard in ("failure", "limit") for guard, where in guards if where >= at):
                frame.ends_on_success.extend(frame.pending)

    def call(
        self, call: Call, frames: list[_Frame], guards: tuple[tuple[Guard, int], ...], calls: tuple[str, ...]
    ) -> None:
        function = self.program.functions.get(call.name)
        if function is None or call.name in calls or len(calls) >= _DEPTH or not frames:
            return
        if not self.may_launch(call.name):
            return
        outside = [frame.changing for frame in frames]
        for frame in frames:
            frame.changing = _inside(function, call, frame.changing)
        self.steps(function.body, frames, guards, (*calls, call.name), len(frames))
        for frame, changing in zip(frames, outside, strict=True):
            frame.changing = changing

    def may_launch(self, name: str) -> bool:
        """Whether a function launches, itself or through others: those that do not are not walked again."""
        if name not in self.launches:
            self.launches[name] = False
            function = self.program.functions[name]
            self.launches[name] = any(self._launches(node) for node in _all(function.body))
        return self.launches[name]

    def _launches(self, node: Node) -> bool:
        if isinstance(node, Run):
            return self.starts(node, self.program.text) is not None
        return isinstance(node, Call) and node.name in self.program.functions and self.may_launch(node.name)


def repeated_launches(program: Program, starts: Starts = launcher_of) -> list[RepeatedLaunch]:
    """Every launch that some loop of the program repeats per item, in the order of the text, each once. `starts` says
    which commands count as launches."""
    walk = _Walk(program, starts)
    walk.steps(program.body, [], (), (), 0)
    for name, function in program.functions.items():
        walk.steps(function.body, [], (), (name,), 0)
    best: dict[Span, RepeatedLaunch] = {}
    for launched in walk.found:
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
        repeated = RepeatedLaunch(
            launched.launcher, launched.run.span, loops[0], items, spec_of(launched.run)
        )
        best.setdefault(launched.run.span, repeated)
    return [best[span] for span in sorted(best)]


def _per_item(frame: _Frame, run: Run, launcher: Launcher, guards: Sequence[Guard]) -> bool:
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


def _changes(words: Iterable[Word], frame: _Frame) -> bool:
    return any(word.names & frame.changing for word in words)


def _inside(function: Function, call: Call, changing: set[str]) -> set[str]:
    """The names that change, seen from inside the function: its parameters as they are given."""
    inside = changing - set(function.parameters)
    for name, word in (*zip(function.parameters, call.arguments, strict=False), *call.named):
        if word.names & changing:
            inside.add(name)
    rest = call.arguments[len(function.parameters) :]
    if any(word.names & changing for word in rest):
        inside.update(function.parameters[-1:])
    return inside


def _opposite(guard: Guard) -> Guard:
    return {"success": "failure", "failure": "success", "first": "unknown"}.get(guard, guard)  # type: ignore[return-value]


def _all(nodes: Iterable[Node]) -> Iterable[Node]:
    for node in nodes:
        yield node
        if isinstance(node, Loop):
            yield from _all(node.body)
        elif isinstance(node, Branch):
            yield from _all(node.body)
            yield from _all(node.otherwise)
