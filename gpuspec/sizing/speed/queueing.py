"""A server to which requests come at a rate, and the most that it may answer at once to be quick enough.

The model of the queue is a birth–death process (Kleinrock, Queueing Systems, volume 1, chapter 3): requests come at
random (Poisson), with `k` of them inside `k ÷ (seconds a request takes among k)` are done a second, at most as many
as there is room for are inside, and the others wait in the order in which they came.
"""

from collections.abc import Callable, Sequence
from itertools import pairwise

from gpuspec.catalog import Gpu
from gpuspec.job.job import Slo
from gpuspec.named_tuple import NamedTuple
from gpuspec.sizing.memory import Need, Unsized
from gpuspec.sizing.speed.rates import Range
from gpuspec.sizing.speed.serving import RequestTokens, Served, served
from gpuspec.workload import Workload


class UnderRate(NamedTuple):
    """One machine to which requests come at a rate, by the expected speed. Times are in seconds."""

    per_second: float
    """Requests that come."""
    utilization: float
    """Of the most requests that it can do; from 1 on the queue grows without end."""
    sequences: float
    """Answered at once, on average."""
    queue: float | None
    """A request waits so long until it is let in, on average; None: ever longer."""
    ttft: Range | None
    """From a request to its first token, the queue included."""
    tpot: Range
    """From one token to the next, among so many sequences."""
    most: Served
    """The same machine when it is full."""


def under_rate(
    workload: Workload,
    gpu: Gpu,
    gpus: int = 1,
    request: RequestTokens | None = None,
    *,
    per_second: float,
    need: Need | Unsized | None = None,
    most: int | None = None,
) -> UnderRate | Unsized:
    """A machine to which so many requests a second come. `most`: no more are answered at once, where there is room
    for more."""

    def at(sequences: int | None) -> Served | Unsized:
        return served(workload, gpu, gpus, request, need=need, sequences=sequences)

    full = at(most)
    if isinstance(full, Unsized):
        return full
    known = {full.sequences: full}
    many = 1
    while many < full.sequences:
        found = at(many)
        assert isinstance(found, Served)
        known[many] = found
        many *= 2
    seconds = _between([(n, n / one.per_hour.expected * 3600) for n, one in sorted(known.items())])
    inside, queue = birth_death(per_second, full.sequences, lambda k: k / seconds(k))
    mean = at(max(1, round(inside)))
    assert isinstance(mean, Served)
    first = None
    if queue is not None:
        first = Range(*(value + queue for value in mean.ttft))
    busy = per_second / full.per_hour.expected * 3600
    return UnderRate(per_second, busy, inside, queue, first, mean.tpot, full)


def birth_death(arrivals: float, places: int, rate: Callable[[int], float]) -> tuple[float, float | None]:
    """(mean number inside, mean seconds in the queue) where `rate(k)` requests a second are done with `k` inside. The
    second is None, and all places are taken, where more come than can be done."""
    if arrivals >= rate(places):
        return float(places), None
    weights = [1.0]
    for number in range(1, places + 1):
        weights.append(weights[-1] * arrivals / rate(number))
        if weights[-1] > 1e200:  # only their ratios count
            weights = [weight / 1e200 for weight in weights]
    load = arrivals / rate(places)
    beyond = weights[-1] * load / (1 - load)  # of places + 1, + 2, …: a geometric series
    total = sum(weights) + beyond
    inside = sum(k * weight for k, weight in enumerate(weights)) + places * beyond
    queued = weights[-1] * load / (1 - load) ** 2
    return inside / total, queued / total / arrivals if arrivals else 0.0


def _between(points: Sequence[tuple[int, float]]) -> Callable[[int], float]:
    """A line through points."""

    def at(number: int) -> float:
        for (left, low), (right, high) in pairwise(points):
            if number <= right:
                return low + (high - low) * (number - left) / (right - left)
        return points[-1][1]

    return at


def most_within(
    workload: Workload,
    gpu: Gpu,
    gpus: int,
    slo: Slo,
    request: RequestTokens | None = None,
    *,
    need: Need | Unsized | None = None,
) -> Served | Unsized | None:
    """The machine with the most sequences at once at which each answer is expected as quick as the `slo` asks, no
    more than there is room for; None where not even one alone is."""
    full = served(workload, gpu, gpus, request, need=need)
    if isinstance(full, Unsized) or quick_enough(full, slo):
        return full
    low, high, best = 0, full.sequences, None
    while high - low > 1:
        middle = (low + high) // 2
        found = served(workload, gpu, gpus, request, need=need, sequences=middle)
        if isinstance(found, Served) and quick_enough(found, slo):
            low, best = middle, found
        else:
            high = middle
    return best


def quick_enough(found: Served, slo: Slo) -> bool:
    """Whether all that the `slo` asks is expected of it."""
    return (
        (slo.ttft_ms is None or found.ttft.expected * 1000 <= slo.ttft_ms)
        and (slo.tpot_ms is None or found.tpot.expected * 1000 <= slo.tpot_ms)
        and (slo.tokens_per_second is None or found.each.expected >= slo.tokens_per_second)
    )
