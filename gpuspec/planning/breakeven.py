"""Machines of one's own against an API: from how many requests a month on renting costs less. Dollars and requests a
month; numbers only, so that each can be checked by hand.

A machine costs the same whether it answers or waits, and it answers only so many requests: the cost of one's own is a
staircase, that of an API a straight line. Where a machine that is used as much as can be costs more than the API asks
for as many requests, no traffic is enough."""

import math
from functools import cache

from gpuspec.named_tuple import NamedTuple
from gpuspec.planning.replicas import hours_of_day


class Own(NamedTuple):
    """Machines of one's own, all alike."""

    per_month: float
    """Dollars for one machine, whether it answers or waits."""
    requests: float
    """What one answers a month, at the utilisation that the hours of the day leave it."""
    ops: float = 0.0
    """Dollars a month for running them, however many."""
    spare: int = 0
    """Machines beside those that the requests need, so that as many may fail."""

    def machines(self, requests: float) -> int:
        """How many so many requests a month take: at least one."""
        return max(1, math.ceil(requests / self.requests - _SLIP)) + self.spare

    def cost(self, requests: float) -> float:
        """Dollars a month for so many requests."""
        return self.machines(requests) * self.per_month + self.ops

    @property
    def each(self) -> float:
        """Dollars for one request on a machine that is used as much as can be, nothing else paid for."""
        return self.per_month / self.requests

    @property
    def fixed(self) -> float:
        """Dollars a month beside the machines that answer."""
        return self.ops + self.spare * self.per_month


_SLIP = 1e-9
"""So that 3 × (1/3) of a machine is one, and not two."""


class BreakEven(NamedTuple):
    """From `first` requests a month on one's own machines cost no more than the API. Beyond `until` the next machine
    makes them dearer again, until `for_good`; None where they stay cheaper from the first on."""

    first: int
    until: int | None
    for_good: int


def break_even(own: Own, each: float) -> BreakEven | None:
    """Against an API of `each` dollars a request; None where no number of requests is enough."""
    earns = own.requests * each - own.per_month
    """What one full machine earns a month over the API."""
    if earns <= _SLIP * own.per_month:
        return None
    full = max(1, math.ceil(own.fixed / earns - _SLIP))  # so many full machines earn what is fixed
    start = (full - 1) * own.requests
    first = max(math.ceil((full * own.per_month + own.fixed) / each - _SLIP), math.floor(start) + 1)
    # The first request on yet another machine has to pay for all of it: after so many full ones it surely does.
    left = math.ceil((own.fixed + own.per_month) / earns - _SLIP)
    while left >= full and not _dearer_after(own, each, left):
        left -= 1
    if left < full:
        return BreakEven(first, None, first)
    good = math.ceil(((left + 1) * own.per_month + own.fixed) / each - _SLIP)
    until = full if _dearer_after(own, each, full) else left
    return BreakEven(first, math.floor(until * own.requests), good)


def _dearer_after(own: Own, each: float, machines: int) -> bool:
    """Whether one request more than so many machines answer makes one's own the dearer way."""
    more = math.floor(machines * own.requests) + 1
    return (machines + 1) * own.per_month + own.fixed > more * each  # of 1e9 requests `_SLIP` would hide one


def without_capacity(own: Own, each: float) -> int:
    """Where one machine answered any number of requests: the figure that is often quoted."""
    return math.ceil((own.per_month + own.fixed) / each - _SLIP)


class Hybrid(NamedTuple):
    """Machines for the load of most hours, the API for what is above. `own` and `api` are requests a month."""

    machines: int
    own: float
    api: float
    cost: float


def hybrid(own: Own, each: float, requests: float, peak: float) -> Hybrid:
    """The cheapest mix for so many requests a month, whose busiest hour asks `peak` times the mean one.

    What the other hours ask is what `plan` takes for a day of such a peak (`hours_of_day`)."""
    most = max(1, math.ceil(requests / own.requests - _SLIP))

    def answered(machines: int) -> float:
        return requests * _within(machines * own.requests * peak / requests, peak)

    low, high = 0, most  # each machine answers less than the one before it: search for the last that pays
    while low < high:
        middle = (low + high + 1) // 2
        pays = (answered(middle) - answered(middle - 1)) * each > own.per_month
        low, high = (middle, high) if pays else (low, middle - 1)
    mine = answered(low)
    cost = low * own.per_month + own.fixed + (requests - mine) * each
    if not low or cost >= requests * each:
        return Hybrid(0, 0.0, requests, requests * each)
    return Hybrid(low, mine, requests - mine, cost)


@cache
def _day(peak: float) -> tuple[float, ...]:
    return hours_of_day(1.0, peak)


def _within(capacity: float, peak: float) -> float:
    """The share of all requests that hours ask up to `capacity` (in means) each."""
    day = _day(peak)
    return 1.0 if capacity >= peak else sum(min(hour, capacity) for hour in day) / sum(day)
