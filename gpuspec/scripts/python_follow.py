"""Follows a Python program through its functions, with the loops around each step."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from gpuspec.commands.word import Word
from gpuspec.scripts.found import Alone
from gpuspec.scripts.launch_commands import identity_of
from gpuspec.scripts.loops import Frame, Guards, Judge
from gpuspec.scripts.program import (
    Assign,
    Branch,
    Call,
    Exit,
    Loop,
    Node,
    Program,
    ScriptCommand,
    ScriptFunction,
    opposite,
)
from gpuspec.text import Span

_DEPTH = 6
_STEPS = 50_000
"""Steps followed in one script: functions that call functions could go on for ever."""


def follow(program: Program, judge: Judge, frames: Sequence[Frame] = (), guards: Guards = ()) -> None:
    """Tell the judge what a program runs, inside the loops `frames` around it."""
    walk = _Walk(program, judge)
    walk.steps(program.body, list(frames), guards, (), 0)
    for name, function in program.functions.items():
        if not function.module and not function.uncalled:
            judge.place = (name,)
            walk.steps(function.body, [], (), (name,), 0)
    judge.place = ()
    if program.cut or walk.left < 0:
        judge.budget.leave_out()


class _Frame(Frame):
    """A loop whose assignments tell which names change from one turn to the next."""

    def __init__(self, loop: Loop) -> None:
        super().__init__(loop)
        self.fresh: set[str] = set()
        self._carried()

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


class _Walk:
    def __init__(self, program: Program, judge: Judge) -> None:
        self.program = program
        self.judge = judge
        self.launching: set[str] | None = None
        self.left = _STEPS
        self.at: Span | None = None
        """Where the script calls a function of another file: what that launches is shown there."""

    def steps(
        self,
        nodes: Sequence[Node],
        frames: list[Frame],
        guards: Guards,
        calls: tuple[str, ...],
        inner: int,
    ) -> None:
        """`inner` is how many of `frames` lie outside the function being walked."""
        for node in nodes:
            self.left -= 1
            if self.left < 0:
                return
            if isinstance(node, ScriptCommand):
                self.judge.run(node._replace(span=self.at) if self.at else node, frames, guards)
            elif isinstance(node, Assign):
                for frame in frames:
                    if isinstance(frame, _Frame):
                        frame.assign(node)
            elif isinstance(node, Loop):
                frame = _Frame(node)
                self.steps(node.body, [*frames, frame], guards, calls, inner)
            elif isinstance(node, Branch):
                self.steps(node.body, frames, (*guards, (node.guard, len(frames))), calls, inner)
                self.steps(
                    node.otherwise, frames, (*guards, (opposite(node.guard), len(frames))), calls, inner
                )
            elif isinstance(node, Exit):
                first = inner
                if isinstance(node.levels, int):
                    first = max(inner, len(frames) - node.levels)
                self.judge.leave(frames, 0 if node.levels == "program" else first, guards)
            elif isinstance(node, Call):
                self.call(node, frames, guards, calls)

    def call(self, call: Call, frames: list[Frame], guards: Guards, calls: tuple[str, ...]) -> None:
        function = self.program.functions.get(call.name)
        if function is None or call.name in calls or len(calls) >= _DEPTH:
            return
        if not frames:
            self._alone(call, function, guards)
            return
        if not self.may_launch(call.name):
            return
        outside, at = [frame.changing for frame in frames], self.at
        if function.module:
            self.at = at or call.span
        for frame in frames:
            frame.changing = _inside(function, call, frame.changing)
        self.steps(function.body, frames, guards, (*calls, call.name), len(frames))
        self.at = at
        for frame, changing in zip(frames, outside, strict=True):
            frame.changing = changing

    def _alone(self, call: Call, function: ScriptFunction, guards: Guards) -> None:
        """A call outside loops of a function that launches a new machine each time."""
        if guards or not call.arguments:
            return
        for node in _all(function.body):
            launcher = self.judge.starts(node, self.judge.source) if isinstance(node, ScriptCommand) else None
            if launcher is not None and isinstance(node, ScriptCommand):
                identity = identity_of(launcher, node)
                if identity is None or identity.names:
                    run = ScriptCommand((Word(call.name), *call.arguments), call.span)
                    self.judge.calls.append(Alone(run, launcher, self.judge.place))
                return

    def may_launch(self, name: str) -> bool:
        """Whether a function launches, itself or through others: those that do not are not walked again."""
        if self.launching is None:
            self.launching = self._launching()
        return name in self.launching

    def _launching(self) -> set[str]:
        """The functions that launch: first those that do it themselves, then those that call one of them."""
        callers: dict[str, list[str]] = {}
        found: list[str] = []
        for name, function in self.program.functions.items():
            for node in _all(function.body):
                if isinstance(node, Call):
                    callers.setdefault(node.name, []).append(name)
                elif isinstance(node, ScriptCommand) and self.judge.starts(node, self.judge.source):
                    found.append(name)
        launching = set(found)
        for name in found:
            for caller in callers.get(name, ()):
                if caller not in launching:
                    launching.add(caller)
                    found.append(caller)
        return launching


def _inside(function: ScriptFunction, call: Call, changing: set[str]) -> set[str]:
    """The names that change, seen from inside the function: its parameters as they are given."""
    inside = changing - set(function.parameters)
    for name, word in (*zip(function.parameters, call.arguments, strict=False), *call.named):
        if word.names & changing:
            inside.add(name)
    rest = call.arguments[len(function.parameters) :]
    if any(word.names & changing for word in rest):
        inside.update(function.parameters[-1:])
    return inside


def _all(nodes: Iterable[Node]) -> Iterable[Node]:
    for node in nodes:
        yield node
        if isinstance(node, Loop):
            yield from _all(node.body)
        elif isinstance(node, Branch):
            yield from _all(node.body)
            yield from _all(node.otherwise)
