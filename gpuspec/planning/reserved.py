"""Capacity that is paid for all month, used or not: it is filled with jobs first, and what does not fit is rented.

Reserved or committed GPUs are money that is spent already, so what they are given is worth what the same GPUs
would have cost: those that save most are placed first. Servers hold their GPUs all month; runs take turns on the
others (a queue does so), as many GPU-hours as there are. Machines that work together go in together.
"""

from __future__ import annotations

import math
import os
from collections.abc import Sequence

from gpuspec.named_tuple import NamedTuple
from gpuspec.words import HOURS_PER_MONTH

ALL_MONTH = 0.999
"""The share of a month's hours from which a machine counts as held all the time: nothing else gets in between."""
_ROUNDING = 1e-9


class ReservedGpus(NamedTuple):
    """GPUs that somebody pays for all month: so many of one kind on one cloud, at dollars per GPU and hour. `gpus`
    are the names of the catalogue that they answer to; `file` the settings that say so."""

    cloud: str
    gpu: str
    number: int
    price: float
    gpus: tuple[str, ...]
    file: str

    @property
    def shown(self) -> str:
        """The settings, as seen from here."""
        return os.path.relpath(self.file).replace(os.sep, "/")

    @property
    def per_month(self) -> float:
        """Dollars, used or not."""
        return self.number * self.price * HOURS_PER_MONTH


class Wanted(NamedTuple):
    """What a job would take: `machines` of `gpus` GPUs each, for `hours` of a month; `price` is what an hour of one
    machine costs elsewhere. `together` of them work as one; `into` are the places in the list of what is reserved
    that it may go to."""

    gpus: int
    machines: float
    hours: float
    price: float
    together: int
    into: tuple[int, ...]


class Placed(NamedTuple):
    """Machine-hours a month of a job that are in what is reserved, by its place in the list."""

    machine_hours: tuple[tuple[int, float], ...] = ()

    @property
    def hours(self) -> float:
        """Of all of them."""
        return sum(hours for _, hours in self.machine_hours)


class ReservedUse(NamedTuple):
    """What is reserved, and how much of it the jobs take: GPU-hours a month."""

    reserved: ReservedGpus
    gpu_hours: float

    @property
    def share(self) -> float:
        """The part that is used."""
        return self.gpu_hours / (self.reserved.number * HOURS_PER_MONTH)

    @property
    def unused(self) -> float:
        """Dollars a month for what nobody uses."""
        return self.reserved.per_month - self.gpu_hours * self.reserved.price


class _Pool:
    """What is left of one."""

    def __init__(self, count: int) -> None:
        self.count = count
        self.held = 0.0
        """GPUs that a server has all month."""
        self.used = 0.0
        """GPU-hours of runs, on the others."""

    def take(self, want: Wanted, machines: float) -> float:
        """Machine-hours that it has room for, of so many machines."""
        all_month = want.hours >= ALL_MONTH * HOURS_PER_MONTH
        free = (
            self.count - self.held - (math.ceil(self.used / HOURS_PER_MONTH - _ROUNDING) if all_month else 0)
        )
        fit = min(machines, want.together * math.floor(free / (want.gpus * want.together) + _ROUNDING))
        if fit <= 0:
            return 0.0
        if all_month:
            self.held += fit * want.gpus
            return fit * want.hours
        left = (self.count - self.held) * HOURS_PER_MONTH - self.used
        taken = min(fit * want.hours, max(0.0, left) / want.gpus)
        self.used += taken * want.gpus
        return taken

    @property
    def gpu_hours(self) -> float:
        """Those that are taken."""
        return self.held * HOURS_PER_MONTH + self.used


def filled(
    reserved: Sequence[ReservedGpus], wanted: Sequence[Wanted]
) -> tuple[list[Placed], list[ReservedUse]]:
    """Where each job goes, in the order given, and what of everything reserved is used. What a GPU-hour costs
    elsewhere decides who goes first; at one price servers before runs, then as they are listed."""
    pools = [_Pool(each.number) for each in reserved]
    placed = [Placed() for _ in wanted]
    for at in sorted(range(len(wanted)), key=lambda at: _order(wanted[at], at)):
        want, found, machines = wanted[at], [], wanted[at].machines
        for place in want.into if want.hours else ():
            hours = pools[place].take(want, machines)
            if hours:
                found.append((place, hours))
                machines -= hours / want.hours
            if machines <= _ROUNDING:
                break
        placed[at] = Placed(tuple(found))
    return placed, [ReservedUse(each, pool.gpu_hours) for each, pool in zip(reserved, pools, strict=True)]


def _order(want: Wanted, at: int) -> tuple[float, float, int]:
    return -want.price / want.gpus, -want.hours, at


def per_month(want: Wanted, placed: Placed, reserved: Sequence[ReservedGpus]) -> float:
    """Dollars a month of a job: its part of what is reserved at the price of that, the rest as it is elsewhere."""
    inside = sum(hours * want.gpus * reserved[place].price for place, hours in placed.machine_hours)
    return inside + max(0.0, want.machines * want.hours - placed.hours) * want.price
