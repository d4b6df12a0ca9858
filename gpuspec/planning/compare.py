"""One machine next to the one that does a job now: how much slower, and what the work costs there."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from gpuspec.named_tuple import NamedTuple
from gpuspec.planning.alternatives import Alternative, counts_to, generates_text
from gpuspec.planning.market import Market

if TYPE_CHECKING:
    from gpuspec.sizing.speed.rates import WorkRate
    from gpuspec.workload import Workload

ROUNDING = 1e-9


class Compared(NamedTuple):
    """A machine next to the present one, each number a share of the present one's.

    `speed` is the work of an hour, None where neither rates nor data sheets say it; `unit` what a unit of the work
    costs, as far as that; `cost` what the job is paid by costs: an hour, the declared traffic, or the unit. `now` and
    `then` are the rates, both or neither; `machines` are how many the declared traffic takes, now and then."""

    machine: Alternative
    speed: float | None
    unit: float | None
    cost: float
    now: WorkRate | None = None
    then: WorkRate | None = None
    machines: tuple[float, float] = (1, 1)
    at_once: tuple[int, int] | None = None
    """Sequences answered together at these rates, now and then; None where that does not matter."""

    @property
    def waste(self) -> float:
        """The share of what the work costs now that it would not cost there."""
        return 1 - self.cost


def compared(
    here: Market, than: Alternative, there: Market, one: Alternative, *, gain: float = 1.0
) -> Compared:
    """`one` on the market `there`, where the same job may be done another way, next to `than` on the market `here`.
    `gain`: how much faster the other way is on the same GPU, where only data sheets are known."""
    hourly = one.per_hour / than.per_hour if than.per_hour else 1.0
    now, then, at_once = _rates(here, than, there, one)
    speed = None
    if now and then:
        speed = then.per_second.expected / now.per_second.expected
    elif than.speed and one.speed:
        speed = one.speed * gain / than.speed
    unit = None if speed is None else hourly / speed
    cost = hourly
    machines: tuple[float, float] = (1, 1)
    if here.measure.paid == "token" and here.measure.traffic:
        first, second = (
            market.measure.rate(each.gpu, each.gpu_count) for market, each in ((here, than), (there, one))
        )
        if first and second and here.measure.by == there.measure.by == "token":
            machines = first.machines, second.machines
            cost = hourly * second.machines / first.machines
    elif here.measure.paid != "hour" and unit is not None:
        cost = unit
    return Compared(one, speed, unit, cost, now, then, machines, at_once)


def _rates(
    here: Market, than: Alternative, there: Market, one: Alternative
) -> tuple[WorkRate | None, WorkRate | None, tuple[int, int] | None]:
    """Both rates, or neither. A server of which nobody says how busy it is is compared at one load, which both have
    room for; all else under as much as there is room for."""
    unit = here.measure.unit
    if unit is None or there.measure.unit != unit:
        return None, None, None
    first, second = here.measure.rates, there.measure.rates
    at_once = None
    if generates_text(here.workload):
        loads = (
            here.measure.at_once(than.gpu, than.gpu_count),
            there.measure.at_once(one.gpu, one.gpu_count),
        )
        at_once = loads
        if here.measure.paid == "hour":
            at_once = (min(at_once), min(at_once))
    many = at_once or (None, None)
    now = first.of(than.gpu, than.gpu_count, many[0])
    then = second.of(one.gpu, one.gpu_count, many[1])
    return (now, then, at_once) if now and then else (None, None, None)


def cheaper(
    there: Market,
    than: Alternative,
    counts: Sequence[int],
    *,
    at_most: float,
    min_speed: float,
    here: Market | None = None,
    gain: float = 1.0,
    most_per_hour: float = float("inf"),
) -> Iterator[Compared]:
    """Machines on which the work costs at most the share `at_most` of what it costs on `than`, that ask no more an
    hour, hold the declared concurrency and have at least `min_speed` (a share) of the speed; what costs least first.
    `here` is the market of the job as it is, where the other one is of the same job done another way. An hour costs
    at most `most_per_hour` dollars."""
    here = here or there
    hourly = here.measure.paid == "hour"
    share = at_most if hourly else 1.0
    if than.per_hour:
        share = min(share, most_per_hour / than.per_hour)
    found = _able(there, than, counts, share=share, min_speed=min_speed, here=here, gain=gain)
    if hourly:
        yield from found  # which come by the hour, and need not be looked at any further than is asked for
        return
    enough = (each for each in found if each.cost <= at_most + ROUNDING)
    yield from sorted(enough, key=lambda each: (each.cost, each.machine.per_hour))


def _able(
    there: Market,
    than: Alternative,
    counts: Sequence[int],
    *,
    share: float,
    min_speed: float,
    here: Market,
    gain: float,
) -> Iterator[Compared]:
    for one in there.fitting(counts):
        if one.per_hour > than.per_hour * share:
            return
        if not there.holds_concurrency(one) or _unshared(there.workload, one, than):
            continue
        if not there.measure.serves(one.gpu, one.gpu_count) and here.measure.serves(than.gpu, than.gpu_count):
            continue  # what the service promises is not kept there
        found = compared(here, than, there, one, gain=gain)
        if found.speed is None or found.speed < min_speed - ROUNDING:
            continue
        if not dearer(here, found) and ranked(here, than, there, one, gain=gain):
            yield found


def _unshared(work: Workload, one: Alternative, than: Alternative) -> bool:
    """Whether the engine cannot split the model over the GPUs of `one`; a command that says over how many is changed
    with their number."""
    if one.gpu_count == 1:
        return False
    from gpuspec.workload.even_split import not_shared

    return bool(
        not_shared(
            work if one.gpu_count == than.gpu_count else work._replace(tensor_parallel=None), one.gpu_count
        )
    )


def dearer(here: Market, found: Compared) -> bool:
    """Whether the work is known to cost more there, whatever an hour costs. What waits for people has none."""
    worse = found.now is not None and found.unit is not None and found.unit > 1 + ROUNDING
    return worse and here.workload.task != "interactive"


def ranked(
    here: Market, than: Alternative, there: Market, one: Alternative, *, least: float = 0.0, gain: float = 1.0
) -> bool:
    """Whether `one`, too, costs that share less by what the plan sorts by: so that a rule suggests no machine that
    the plan would not take. True where the plan cannot compare the two."""
    if here.measure.by == "hour" or there.measure.by != here.measure.by:
        return True
    now = here.measure.rank(than.gpu, than.gpu_count, than.per_hour)
    then = there.measure.rank(one.gpu, one.gpu_count, one.per_hour)
    if now is None or then is None or here.measure.unit != there.measure.unit:
        return True
    if here.measure.unit is None:
        from gpuspec.planning.measure import SHEET_GAIN

        then /= gain**SHEET_GAIN
    return then <= now * (1 - least) * (1 + ROUNDING)


def better(
    market: Market,
    than: Alternative,
    counts: Sequence[int],
    *,
    min_saving: float,
    min_speed: float,
    most_vram: float | None = None,
    other_speed: float = 0.0,
) -> Compared | None:
    """The alternative on which the work costs least, if that is at least `min_saving` (a share) less, an hour no more
    and at least `min_speed` of the speed: the same class of work. Where the job is paid by the hour though it does
    work, a unit of the work costs as much less as well. `most_vram`: share of the GPU's memory that the other may
    have at most (None: any amount); `other_speed`: the least share of the
    speed of another kind of GPU. None where there is none, or where a fact for the comparison is missing. Training
    on several GPUs is compared with nothing: which and how many it takes is a choice of when it is done."""
    if than.price is None or not than.speed or (market.workload.task == "train" and than.gpu_count > 1):
        return None
    limit = float("inf") if most_vram is None else than.gpu.vram_gb * most_vram
    for found in cheaper(market, than, counts, at_most=1 - min_saving, min_speed=min_speed):
        one = found.machine
        if one.gpu.vram_gb > limit:
            continue
        if one.gpu_count not in (1, than.gpu_count) and one.gpu.name != than.gpu.name:
            continue  # another kind of GPU, and another number of them, is another machine
        if other_speed > (found.speed or 1.0) and one.gpu.name != than.gpu.name:
            continue
        if than.gpu_count > 1 and _cramped(market, than, one):
            continue
        fewer = one.gpu_count < than.gpu_count
        enough = 1 - min_saving if not fewer else (1.0 if found.now else float("inf"))
        per_work = market.workload.task != "interactive" and found.unit is not None
        if per_work and (found.unit or 0) > enough + ROUNDING:
            continue
        if per_work and not fewer and found.now and _long_for_little(than, found):
            continue
        if ranked(market, than, market, one, least=0.0 if fewer else min_saving):
            return found
    return None


HALF, LITTLE = 0.5, 0.3
"""Nobody waits twice as long for less than three tenths of the cost of the work: of 182 jobs of strangers that were
labelled before a run (2026-11-30), such findings were true and pointless."""
OTHER_SPEED = 0.7
"""Of several GPUs that share a model, the speed that a single one of another kind must keep: they are not too many,
and who has a service of that size is not helped by half of it (strangers' jobs again)."""
FEW_AT_ONCE, ROOM = 8, 4
"""Requests that a server of undeclared load should have room for at least, if the present one has twice it; and the
part of the present one's."""
FIFTH = 0.2
"""Whoever uses less than a fifth of a GPU's memory has taken the wrong one, experts say (tests/judgement: QLoRA of 7B
on an H100), whatever the time is worth."""


def _long_for_little(than: Alternative, found: Compared) -> bool:
    if than.fit and than.fit.need.expected < FIFTH * than.fit.usable:
        return False
    return (found.speed or 1.0) <= HALF and (found.unit or 0.0) > 1 - LITTLE


def _cramped(market: Market, than: Alternative, one: Alternative) -> bool:
    """Whether a server on several GPUs, whose load nobody declares, would have much less room for its cache."""
    work = market.workload
    if work.task != "serve" or work.concurrency or work.users or market.measure.traffic:
        return False
    if not generates_text(work):
        return False
    now, then = (market.measure.at_once(each.gpu, each.gpu_count) for each in (than, one))
    return then < max(min(FEW_AT_ONCE, now / 2), now / ROOM)


def fewer(market: Market, than: Alternative, *, min_saving: float, min_speed: float) -> Compared | None:
    """The cheapest alternative with fewer GPUs: of the same kind, or a single one of any."""
    counts = counts_to(than.gpu_count - 1)
    if not counts or (market.workload.data_parallel or 1) > 1:
        return None
    return better(market, than, counts, min_saving=min_saving, min_speed=min_speed, other_speed=OTHER_SPEED)


def least_hourly(market: Market, selected: Alternative) -> float:
    """Dollars an hour of the cheapest machine with no more GPUs than the one selected that holds the job as it is."""
    same = (one for one in market.fitting(counts_to(selected.gpu_count)) if market.holds_concurrency(one))
    return min(selected.per_hour, next((one.per_hour for one in same), selected.per_hour))


def least_cost(market: Market, selected: Alternative) -> float:
    """What the work costs at least as it is, on any machine with no more GPUs, as a share of what it costs on the one
    selected."""
    if market.measure.paid == "hour":
        return least_hourly(market, selected) / selected.per_hour if selected.per_hour else 1.0
    found = cheaper(market, selected, counts_to(selected.gpu_count), at_most=1.0, min_speed=0.0)
    return min(1.0, next((each.cost for each in found), 1.0))
