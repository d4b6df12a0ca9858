"""What the savings of one job come to together, when each is taken after those before it.

Two that change the same thing (a smaller GPU, or the same model in 4 bit on a smaller GPU) are two ways to save the
same dollars: the larger counts. Those that change different things multiply: on a machine at 40 % of the cost that is
paid at half the price, 20 % of the cost is left. What rents no machine at all stands against all of the others."""

from __future__ import annotations

from collections.abc import Iterable
from math import prod

from gpuspec.named_tuple import NamedTuple
from gpuspec.planning.bill import SavingKind, SavingStep


class Saves(NamedTuple):
    """A finding that saves money: what it changes, and the `share` (0 to 1) of what the job costs that it saves if
    nothing else is done."""

    code: str
    name: str
    message: str
    line: int
    kind: SavingKind
    share: float


def stacked(found: Iterable[Saves], per_month: float) -> tuple[SavingStep, ...]:
    """The savings of a job that costs so many dollars a month, those that count first, the largest of them before
    the others. What only saves the same dollars another way comes after them, and adds nothing."""
    able = [one._replace(share=min(1.0, one.share)) for one in found if one.share > 0]
    able.sort(key=lambda one: (-one.share, one.code, one.line))
    counted = _counted(able)
    steps, left = [], per_month
    for one in counted:
        after = left * (1 - one.share)
        steps.append(_step(one, per_month, left - after))
        left = after
    others = [_step(one, per_month, 0.0) for one in able if one not in counted]
    return (*steps, *others)


def _counted(able: list[Saves]) -> list[Saves]:
    """The best of each kind; or what replaces them all, where that alone saves at least as much."""
    best: dict[SavingKind, Saves] = {}
    for one in able:  # the largest first
        best.setdefault(one.kind, one)
    instead = best.pop("instead", None)
    together = 1 - prod(1 - one.share for one in best.values())
    return [instead] if instead and instead.share >= together else list(best.values())


def _step(one: Saves, per_month: float, adds: float) -> SavingStep:
    return SavingStep(
        code=one.code,
        name=one.name,
        message=one.message,
        line=one.line,
        kind=one.kind,
        alone=one.share * per_month,
        adds=adds,
    )
