"""What is known at one point of a script: variables, `$1 $2 …`, and how much more may be read."""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Union

from gpuspec.commands.shell.script import Command, Enclosure
from gpuspec.commands.word import FIRST_MARK, GPU_COUNT, LAST_MARK, UNKNOWN, Word
from gpuspec.numerals import is_digits

if TYPE_CHECKING:
    from tree_sitter import Node

Value = Union[str, tuple[str, ...]]
"""Of a variable: text, or the elements of an array; both may hold UNKNOWN and GPU_COUNT."""

MAX_DEPTH = 80
"""Of nested constructs; scripts that people write stay below 10."""

MAX_STEPS = 40_000
"""Statements and words of one job or script, with the body of a function counted at each call: what calls itself
twice at each level, or feeds ever longer text to eval, ends here."""

MAX_TEXT = 1 << 18
"""Characters of all texts of one job or script together."""

MAX_LINES = MAX_STEPS
"""Of one text. A line with a command takes a step or more, so that what stands behind so many would not be walked."""

MAX_SECONDS = 0.4
"""Of the processor, for the grammar. Sound shell of MAX_TEXT takes 0.06 s; what is garbled is given up."""

GPU_COUNT_NAMES = frozenset(
    {
        "SKYPILOT_NUM_GPUS_PER_NODE",
        "SLURM_GPUS_ON_NODE",
        "SLURM_GPUS_PER_NODE",
        "DSTACK_GPUS_PER_NODE",
        "DSTACK_GPUS_NUM",
        "RUNPOD_GPU_COUNT",
    }
)
"""Variables that launchers set to the number of GPUs of one machine (dstack's GPUS_NUM: of all, mostly one)."""

MACHINE_COUNT_NAMES = frozenset({"SKYPILOT_NUM_NODES", "DSTACK_NODES_NUM"})
"""Variables that launchers set to the number of machines: one, unless the job says another."""

MAX_PATH = 4096
_NOTHING: Mapping[str, str | None] = MappingProxyType({})

FOLDER = "/"
"""Among the variables of a scope: the folder that `cd` went to. No variable of a script can have this name."""

FOLDER_BEFORE = "//"
"""The folder before that: where `cd -` and `popd` go."""


class StepBudget:
    """What may still be read, and the loops walked so far; one for a job or a script and all texts inside it.
    `cut` says that something was left out."""

    def __init__(self, steps: int = MAX_STEPS) -> None:
        self.steps = steps
        self.characters = MAX_TEXT
        self.seconds = MAX_SECONDS
        self.depth = 0
        self.loops = 0
        self.left_out = False

    @property
    def cut(self) -> bool:
        """Whether something was left out: there was too much, or it was too garbled."""
        return self.left_out or self.steps < 0

    def leave_out(self) -> None:
        """Leave a text out."""
        self.left_out = True

    @property
    def state(self) -> tuple[int, int, int, int, bool]:
        """What may still be read, but for the seconds."""
        return self.steps, self.characters, self.depth, self.loops, self.left_out

    def go_on(self, state: tuple[int, int, int, int, bool], seconds: float) -> None:
        """Go on as after a text that left this state and took so many seconds."""
        self.steps, self.characters, self.depth, self.loops, self.left_out = state
        self.seconds -= seconds

    def new_mark(self) -> str:
        """The mark of one more loop."""
        self.loops += 1
        return chr(min(ord(FIRST_MARK) + self.loops - 1, ord(LAST_MARK)))


class Scope:
    """What expansion needs to know: the text, the variables, `$1 $2 …` (None where unknown), and what to do with
    a command substitution."""

    def __init__(
        self,
        source: str,
        variables: dict[str, Value],
        budget: StepBudget,
        on_substitution: Callable[[Node], None],
        exported: dict[str, None] | None = None,
    ) -> None:
        self.source = source
        self.exported = {} if exported is None else exported
        self.variables = variables
        self.budget = budget
        self.positional: tuple[str, ...] | None = None
        self.around: tuple[Enclosure, ...] = ()
        self.on_substitution = on_substitution

    def enter(self, cost: int = 1) -> bool:
        """Go one level down, unless that is too deep or too much; then do not `leave`."""
        budget = self.budget
        budget.steps -= cost
        if budget.depth >= MAX_DEPTH or budget.steps < 0:
            return False
        budget.depth += 1
        return True

    def leave(self) -> None:
        """Come back up."""
        self.budget.depth -= 1

    @property
    def marks(self) -> str:
        """Those of the loops around: what is made anew at each turn differs by them."""
        return "".join(around.mark for around in self.around) if self.budget.loops else ""

    def set_all(self, variables: dict[str, Value]) -> None:
        """Replace what every variable holds. The dictionary is shared with the caller, so it is refilled."""
        self.budget.steps -= len(variables) // 10
        if variables != self.variables:
            self.variables.clear()
            self.variables.update(variables)

    def environment(self, given: Mapping[str, str]) -> Mapping[str, str | None]:
        """What a command is given: exported variables, and those assigned on its own line."""
        if not self.exported:
            return with_values(_NOTHING, given)
        self.budget.steps -= len(self.exported) // 10
        values = {name: self.variables.get(name) for name in self.exported}
        exported = {name: value for name, value in values.items() if isinstance(value, str)}
        return with_values(_NOTHING, {**exported, **given})

    def change_folder(self, command: Command) -> None:
        """cd, pushd, popd."""
        target = next((word.text for word in command.words[1:] if word.text not in ("-P", "-L", "--")), "~")
        here, before = (str(self.variables.get(key, "")) for key in (FOLDER, FOLDER_BEFORE))
        if command.name == "popd" or target == "-":
            after = before
        else:
            after = posixpath.normpath(target if target[:1] == "~" else posixpath.join(here, target))
        self.variables.update({FOLDER: "" if after == "." else after[:MAX_PATH], FOLDER_BEFORE: here})


def with_values(first: Mapping[str, str | None], more: Mapping[str, str]) -> Mapping[str, str | None]:
    """An environment with more variables in it; None for values that are not known."""
    return (
        {**first, **{name: None if UNKNOWN in value else value for name, value in more.items()}}
        if more
        else first
    )


def lookup(name: str, scope: Scope) -> Value | None:
    """A variable's value; None where nothing has set it."""
    if is_digits(name):
        known = scope.positional
        if known is None or int(name[:5]) == 0 or len(name) > 4:
            return None
        return known[int(name) - 1] if int(name) <= len(known) else ""
    if name in GPU_COUNT_NAMES and name not in scope.variables:
        return GPU_COUNT
    if name in MACHINE_COUNT_NAMES and name not in scope.variables:
        return "1"
    return scope.variables.get(name)


def shifted(first: Word, last: Word, text: str, outer: str) -> Callable[[int, int], tuple[int, int]]:
    """Offsets of an inner text in the outer: exact where it stands there unchanged, in quotes or not, else those of
    the words that it comes from."""
    start, end = first.start, last.end
    for skip in (1, 0):
        if outer[start + skip : end - skip] == text:
            return lambda a, b: (start + skip + a, start + skip + b)
    return lambda a, b: (start, end)
