"""Scripts that are read again and again: while a file is fixed, most of its commands stay as they are."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from gpuspec.commands.shell.scope import MAX_TEXT

if TYPE_CHECKING:
    from gpuspec.commands.shell.scope import StepBudget
    from gpuspec.commands.shell.script import ShellScript

MOST = 2 * MAX_TEXT
"""Characters of the scripts that are kept: those of a whole job, and what a fix makes of them."""

EACH = 100
"""Characters that a script counts for beside its own."""


class _Kept:
    """Scripts by all that their reading depends on, with what the budget was after it, and the seconds it took."""

    def __init__(self) -> None:
        self.scripts: dict[Any, tuple[ShellScript, Any, float]] = {}
        self.characters = 0

    def note(self, asked: Any, script: ShellScript, budget: StepBudget, seconds: float) -> None:
        """Keep a script; those that were not asked for the longest time go."""
        self.scripts[asked] = script, budget.state, seconds
        self.characters += len(asked[0]) + EACH
        while self.characters > MOST and len(self.scripts) > 1:
            oldest = next(iter(self.scripts))
            del self.scripts[oldest]
            self.characters -= len(oldest[0]) + EACH


_kept: _Kept | None = None
"""None: each script is read whenever it is asked for, and nothing outlives the reading."""


@contextmanager
def each_read_once() -> Iterator[None]:
    """While this is open, a script that was read is not read again."""
    global _kept
    before, _kept = _kept, _kept or _Kept()
    try:
        yield
    finally:
        _kept = before


def key(
    text: str,
    env: Mapping[str, str | None] | None,
    arguments: tuple[str, ...] | None,
    folder: str,
    budget: StepBudget,
) -> Any:
    """All that the reading of a script depends on, but for the time it takes; None where scripts are not kept."""
    if _kept is None:
        return None
    return text, tuple((env or {}).items()), arguments, folder, budget.state


def known(asked: Any, budget: StepBudget) -> ShellScript | None:
    """A script that was read before. The budget is charged for it as it was then."""
    if _kept is None or asked not in _kept.scripts:
        return None
    script, state, seconds = _kept.scripts[asked] = _kept.scripts.pop(asked)
    budget.go_on(state, seconds)
    return script


def keep(asked: Any, script: ShellScript, budget: StepBudget, seconds: float) -> None:
    """Note a script that was read, and what the budget was after it."""
    if _kept is not None:
        _kept.note(asked, script, budget, seconds)
