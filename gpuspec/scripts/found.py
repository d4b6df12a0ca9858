"""What is found of a script's launches."""

from __future__ import annotations

from collections.abc import Hashable

from gpuspec.named_tuple import NamedTuple
from gpuspec.scripts.launchers import LaunchCommand
from gpuspec.scripts.program import Loop, ScriptCommand
from gpuspec.text import Span


class RepeatedLaunch(NamedTuple):
    """A launch that a loop repeats per item. `items` is the product over the loops that count, None where one is
    not countable. `loop` is the outermost one, `around` are all of them, `run` is what is launched, `keys` are the
    options that the items are given to."""

    launcher: LaunchCommand
    span: Span
    loop: Loop
    items: int | None
    spec: str | None
    around: tuple[Loop, ...]
    run: ScriptCommand
    keys: tuple[str, ...] = ()


class Alone(NamedTuple):
    """A launch outside loops. `place` is the function, recipe or step that it stands in."""

    run: ScriptCommand
    launcher: LaunchCommand
    place: Hashable
