"""What the savings of one job come to together, when each is taken after those before it.

Two that change the same thing (a smaller GPU, or the same model in 4 bit on a smaller GPU) are two ways to save the
same dollars: one of them counts. Those that change different things multiply: on a machine at 40 % of the cost that
is paid at half the price, 20 % of the cost is left; but a lower price is that of the machine it is paid for, so that
spot counts by what it saves on the one that is proposed. What rents no machine at all stands against all others. Of
all ways to combine them, the one that leaves least counts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import product
from math import prod

from gpuspec.named_tuple import NamedTuple
from gpuspec.planning.bill import SavingKind, SavingStep

MOST = 6
"""Findings of a kind of which it is looked which goes best with the others, the largest."""


class Saves(NamedTuple):
    """A finding that saves money: what it changes, and the `share` (0 to 1) of what the job costs that it saves if
    nothing else is done. `machine` (a GPU's name, and how many) is one that it proposes; of what changes the price,
    `elsewhere` is the share on such machines."""

    code: str
    name: str
    message: str
    line: int
    kind: SavingKind
    share: float
    machine: tuple[str, int] | None = None
    elsewhere: Mapping[tuple[str, int], float] = {}
    advice: str = ""


def stacked(found: Iterable[Saves], per_month: float) -> tuple[SavingStep, ...]:
    """The savings of a job that costs so many dollars a month, those that count first, the largest of them before
    the others. What only saves the same dollars another way comes after them, and adds nothing."""
    able = [one._replace(share=min(1.0, one.share)) for one in found if one.share > 0]
    able.sort(key=lambda one: (-one.share, one.code, one.line))
    counted = _counted(able)
    steps = []
    for number, one in enumerate(counted):
        adds = _left(counted[:number]) - _left(counted[: number + 1])
        steps.append(_step(one, per_month, max(0.0, adds) * per_month))
    others = [_step(one, per_month, 0.0) for one in able if one not in counted]
    return (*steps, *others)


def _counted(able: list[Saves]) -> list[Saves]:
    """One of each kind at most, as leaves least of the cost; or what replaces them all, where that leaves no more."""
    kinds: dict[SavingKind, list[Saves | None]] = {}
    for one in able:
        kinds.setdefault(one.kind, [None]).append(one)
    instead = kinds.pop("instead", [None])[1:2]
    ways = [
        [one for one in able if one in way] for way in product(*(each[: MOST + 1] for each in kinds.values()))
    ]
    best = min(ways, key=lambda way: (round(_left(way), 9), len(way)))
    if instead and instead[0] and instead[0].share >= 1 - _left(best):
        return [instead[0]]
    return best


def _left(way: Sequence[Saves]) -> float:
    """The share of the cost that some savings leave, one of a kind."""
    machine = next((one.machine for one in way if one.machine), None)
    return prod(1 - (one.elsewhere.get(machine, one.share) if machine else one.share) for one in way)


def _step(one: Saves, per_month: float, adds: float) -> SavingStep:
    return SavingStep(
        code=one.code,
        name=one.name,
        message=one.message,
        line=one.line,
        kind=one.kind,
        alone=one.share * per_month,
        adds=adds,
        advice=one.advice,
    )
