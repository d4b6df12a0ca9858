"""A plan's choice under the load that the job declares: machines, a month's cost, and what would change it."""

import math

from gpuspec.job.job import Job
from gpuspec.named_tuple import NamedTuple
from gpuspec.planning.answering import AnswerPace
from gpuspec.planning.growth import LATEST, grown, growth_factor
from gpuspec.planning.market import Market
from gpuspec.planning.plan import Candidate, Plan
from gpuspec.planning.replicas import (
    Count,
    Replicas,
    autoscaled,
    count,
    machines_for,
    night_hours,
    replicas,
    up_share,
)
from gpuspec.planning.traffic import DAYS_PER_MONTH, hours_per_month
from gpuspec.sizing import Need
from gpuspec.sizing.speed.rates import Range

QUIET = 0.1
"""The share of its time that a machine is busy, on average, below which it is worth a line what would be cheaper than
having it wait."""

ON_DEMAND = 0.3
"""The share of a fleet that stays on machines which nobody takes away, two at least: 2 to 3 on demand beside 5 to 10
on spot is what guides to serving advise."""

LEAST_MIX = 3
"""Machines from which some of them may be spot."""

TOLD_MONTHS = (6, 12)
"""Months from now for which the load and its cost are told."""


class SloPrice(NamedTuple):
    """What would do without the `slo`: the machines that cost least for the load, and dollars a month of them."""

    candidate: Candidate
    machines: float
    per_month: float
    pace: AnswerPace


class Later(NamedTuple):
    """The load after so many months: how many times today's, machines for its busiest hour, dollars a month."""

    months: int
    times: float
    machines: int
    per_month: float


class Growth(NamedTuple):
    """Traffic that grows by `per_month` (a share). `next` is the first month in which the machines of today are too
    few, and how many it takes then; None where that is not within ten years."""

    per_month: float
    next: Later | None
    later: tuple[Later, ...]


class SpotMix(NamedTuple):
    """Some machines on demand, the rest on spot at `price` $/h; dollars a month of all."""

    on_demand: int
    spot: int
    price: float
    per_month: float


class Quiet(NamedTuple):
    """A machine that mostly waits. `up` is the share of the time for which it is paid where it goes after
    `idle_minutes`, `to_zero` dollars a month of that; `start` seconds until it answers again once it is there, None
    where the size of its weights is not known. `night` hours a day of one machine do all requests together, `batch`
    dollars a month of those."""

    busy: float
    idle_minutes: float
    up: float
    to_zero: float
    night: float
    batch: float
    start: Range | None = None


class UnderLoad(NamedTuple):
    """A `candidate` under the load of a job. `varying` is how many machines would run on average if their number
    changed with the hour, where it does not. `usual_peak` is the number of machines if the busiest hour, of which
    nothing is said, were three times the mean."""

    candidate: Candidate
    replicas: Replicas
    varying: float | None = None
    usual_peak: int | None = None
    slo: SloPrice | None = None
    growth: Growth | None = None
    mix: SpotMix | None = None
    quiet: Quiet | None = None


def under_load(market: Market, plan: Plan) -> UnderLoad | None:
    """The choice of a plan under the declared load; None where the job is no service, declares none, or the speed of
    the choice is not known."""
    job, choice = market.job, plan.choice
    if choice is None or market.workload.task != "serve":
        return None
    machine = choice.gpu, choice.offer.gpu_count
    answers, most = market.measure.answers(*machine), market.measure.at_once(*machine)
    found = replicas(job, answers, most, price=choice.price)
    if found is None:
        return None
    demand, counted = found.demand, found.counted
    fixed = job.scaling is None or job.scaling.replicas[0] == job.scaling.replicas[1]
    varies = fixed and counted.peak > counted.mean
    unknown = demand.peak is None and demand.mean > 0
    return UnderLoad(
        choice,
        found,
        varying=autoscaled(counted, counted.mean, counted.peak) if varies else None,
        usual_peak=machines_for(3 * demand.mean, demand.users, counted.best) if unknown else None,
        slo=_slo_price(market, plan) if job.slo else None,
        growth=_growth(market, found, choice),
        mix=_mix(market, found, choice),
        quiet=_quiet(job, plan, found),
    )


def _slo_price(market: Market, plan: Plan) -> SloPrice | None:
    """Of what may be rented, what the `slo` alone keeps from it included, the cheapest for the load without one."""
    job = market.job._replace(slo=None)
    hours = hours_per_month(job.schedule)
    seen: dict[tuple[str, int], Count | None] = {}
    found: list[SloPrice] = []
    for candidate in plan.candidates:
        if not candidate.kept and (candidate.limit != "slo" or market.terms.host_reason(candidate.offer)):
            continue
        gpu, gpus = candidate.gpu, candidate.offer.gpu_count
        key = (gpu.name, gpus)
        if key not in seen:
            measure = market.measure
            seen[key] = count(job, measure.answers(gpu, gpus), measure.at_once(gpu, gpus))
        counted = seen[key]
        if counted:
            made = Replicas(counted, counted.best, None, candidate.price, hours)
            found.append(SloPrice(candidate, counted.paid, made.per_month, counted.best))
    return min(found, key=lambda one: (one.per_month, one.candidate.price), default=None)


def _growth(market: Market, now: Replicas, choice: Candidate) -> Growth | None:
    traffic = market.job.traffic
    share = traffic.growth_per_month if traffic and now.demand.mean else None
    if not share or traffic is None:
        return None
    answers = market.measure.answers(choice.gpu, choice.offer.gpu_count)
    most = market.measure.at_once(choice.gpu, choice.offer.gpu_count)

    def after(months: int) -> Later | None:
        counted = count(market.job._replace(traffic=grown(traffic, months)), answers, most)
        if counted is None:
            return None
        return Later(months, growth_factor(share, months), counted.peak, now.cost_of(counted.paid))

    growing = filter(None, map(after, range(1, LATEST + 1))) if share > 0 else iter(())
    first = next((later for later in growing if later.machines > now.counted.peak), None)
    return Growth(share, first, tuple(filter(None, map(after, TOLD_MONTHS))))


def _mix(market: Market, now: Replicas, choice: Candidate) -> SpotMix | None:
    machines = math.ceil(now.counted.paid)
    if machines < LEAST_MIX or choice.spot or market.job.spot == "never" or not choice.price:
        return None
    price = market.cheapest(choice.gpu.name, choice.offer.gpu_count, spot="only")
    if price is None or price.per_hour >= choice.price:
        return None
    on_demand = max(2, math.ceil(ON_DEMAND * machines))
    rest = machines - on_demand
    hourly = on_demand * choice.price + rest * price.per_hour
    return SpotMix(on_demand, rest, price.per_hour, hourly * now.hours)


def _quiet(job: Job, plan: Plan, now: Replicas) -> Quiet | None:
    busy = now.busy(now.demand.mean, max(1.0, now.counted.paid))
    if not busy or busy >= QUIET or not now.price:
        return None
    idle = job.scaling.idle_minutes if job.scaling and job.scaling.idle_minutes is not None else None
    minutes = plan.keep_alive_minutes if idle is None else idle
    up = up_share(now.demand, now.at_peak, minutes)
    hours = night_hours(now.demand, now.best)
    return Quiet(busy, minutes, up, now.cost_of(up), hours, hours * now.price * DAYS_PER_MONTH, _start(plan))


def _start(plan: Plan) -> Range | None:
    """Seconds to bring the weights to the GPU and start the engine."""
    from gpuspec.sizing.speed.starting import load_seconds

    return load_seconds(plan.need.weights * 2**30 / 1e9) if isinstance(plan.need, Need) else None
