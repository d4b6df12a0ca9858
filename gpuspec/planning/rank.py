"""Job × offers → Plan: the offers that keep every limit, ranked by what the work is paid by."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from gpuspec.errors import UserError
from gpuspec.job.job import Job
from gpuspec.planning import limits
from gpuspec.planning.cost import (
    affordable_price,
    cost_at,
    exceeds,
    highest_price,
    machines,
    time_limit,
    total_at,
)
from gpuspec.planning.idle_minutes import keep_alive
from gpuspec.planning.market import Market
from gpuspec.planning.measure import Measure
from gpuspec.planning.places import notes_on_places
from gpuspec.planning.plan import Candidate, Plan
from gpuspec.planning.why_this import why_this
from gpuspec.sizing import Unsized
from gpuspec.workload.workload import Workload


def kept_plan(market: Market, dates: Mapping[str, str | None]) -> Plan:
    """The plan of what is taken, once for all cases of a market."""
    if market.kept_plan is None:
        market.kept_plan = rank_offers(market, sources=dates, rejected=False)
    return market.kept_plan


def comparison(made: Plan, prices: str | None, launcher: str | None) -> Plan:
    """A plan from prices at which nothing can be rented. UserError where a launcher would rent."""
    compared = f"{prices} is for comparison only: nothing can be rented from it"
    if launcher is not None:
        hint = "`gpuspec plan` compares with it; leave `prices` out to launch"
        raise UserError("not-rentable", compared, hint)
    return made._replace(notes=(compared, *made.notes))


def rank_offers(
    market: Market,
    *,
    sources: Mapping[str, str | None] | None = None,
    launcher: str | None = None,
    rejected: bool = True,
) -> Plan:
    """Rank what can be rented for a job; with `launcher`, of what that one can run on. What is not taken is in the
    plan where the `rejected` are asked for.

    `sources` gives the date of each price source. Deterministic."""
    job, workload = market.job, market.workload
    considered = market.candidates(launcher, rejected=rejected)
    found = [_costed(market.measure, candidate) for candidate in considered]
    found.sort(key=_rank)
    if job.slo or job.scaling:  # what keeps the one, in the number of the other, comes before what may not
        measure = market.measure
        found.sort(
            key=lambda one: (not one.kept, one.kept and not measure.serves(one.gpu, one.offer.gpu_count))
        )
    candidates = tuple(found)
    dates = {name: (sources or {}).get(name) for name in sorted({c.offer.source for c in candidates})}
    made = Plan(
        need=market.need_for(market.wanted.gpu_count, None),
        candidates=candidates,
        choice=None,
        cost=None,
        prices_as_of=None,
        notes=market.wanted.notes,
        keep_alive_minutes=keep_alive(job, workload),
        sources=tuple(dates.items()),
        limits_regions=bool(market.terms.regions or market.terms.allowed_regions),
        by=market.measure.by,
        unit=market.measure.unit if market.measure.by != "hour" else None,
    )
    made = _with_choice(market, made)
    if made.choice:
        totals = _totals(job, made)
        within = [one for one in totals if _within(job, made, *one)]
        worst = max(within, key=lambda one: (one[1] or 0.0, one[0].price))[0]
        made = made._replace(
            notes=made.notes + _left_out(made, totals, within),
            prices_as_of=dates[made.choice.offer.source],
            choice_cost=cost_at(job, made, made.choice),
            cost=cost_at(job, made, worst),
        )
    else:
        made = made._replace(max_hours=job.budget.max_hours if job.budget else None)
    places = notes_on_places(job.clouds, market.terms, market.book)
    made = made._replace(why=why_this(market.measure, made))
    return made._replace(notes=(*made.notes, *places, *_notes(job, workload, made)))


def _costed(measure: Measure, candidate: Candidate) -> Candidate:
    if not candidate.kept:
        return candidate
    machine = candidate.gpu, candidate.offer.gpu_count, candidate.price
    return candidate._replace(unit_cost=measure.cost(*machine), ranked=measure.rank(*machine))


def _with_choice(market: Market, plan: Plan) -> Plan:
    """The plan with the first kept candidate that keeps the budget as its choice, the first where none does, and with
    what follows from it: the memory needed, the idle minutes, the time limit."""
    first: Plan | None = None
    for candidate in plan.kept:
        need = market.need_for(candidate.offer.gpu_count, candidate.gpu)
        idle = 0.0 if candidate.offer.owned else plan.keep_alive_minutes
        highest = highest_price(candidate, market.job)
        made = plan._replace(
            need=need,
            choice=candidate,
            keep_alive_minutes=idle,
            max_hours=time_limit(market.job, highest, idle, need, candidate.offer),
        )
        if not over_budget(market.job, total_at(market.job, made, candidate)):
            return made
        first = first or made
    return first or plan


def _rank(candidate: Candidate) -> tuple[object, ...]:
    """Kept before rejected; by what the plan is ranked by, those for which that is not known last; then by price, at
    one price the larger GPU, on demand before spot, then by name."""
    offer, cost, gpu = candidate.offer, candidate.ranked, candidate.gpu
    where = (offer.cloud, offer.region or "", offer.instance, offer.source)
    place = 0 if candidate.kept else 1 + limits.NAMES_OF_LIMITS.index(candidate.limit)
    known = (cost is None, cost or 0.0)
    return place, known, candidate.price, -gpu.vram_gb, candidate.spot, gpu.name, offer.gpu_count, *where


def _notes(job: Job, workload: Workload, plan: Plan) -> tuple[str, ...]:
    """What a person should know before saying yes."""
    if not limits.needs_gpu(job, workload):
        return ("this job names no GPU and no model: it can run on this machine (--on local)",)
    notes = []
    if isinstance(plan.need, Unsized):
        floor = f"min_vram {job.min_vram:g} GB decides" if job.min_vram else "any size is a candidate"
        notes.append(f"memory need unknown ({plan.need.reason}): {floor}")
    if plan.choice and plan.choice.fit and plan.choice.fit.verdict == "borderline":
        fit = plan.choice.fit
        notes.append(
            f"{plan.choice.gpu.name} may run out of memory: {fit.need.low:.1f} to {fit.need.high:.1f} GiB "
            f"needed, {fit.usable:.1f} usable; least certain is {fit.decided_by}"
        )
    if plan.choice and plan.choice.spot:
        notes.append(
            "spot: the machine can be taken away at any time; where nothing replaces it, the run fails"
        )
    notes += _notes_on_lengths(job, workload)
    notes += _notes_on_machines(job, plan)
    notes += _notes_on_replicas(job, plan)
    notes += _notes_on_hosts(job, plan)
    over = over_budget(job, plan.cost.total if plan.cost else None)
    return (*notes, over) if over else tuple(notes)


def _notes_on_lengths(job: Job, workload: Workload) -> list[str]:
    """That requests of the traffic, by their mean, are longer than a sequence may be: what is worked out for them is
    of no use."""
    read, written = (job.traffic.input_tokens, job.traffic.output_tokens) if job.traffic else (None, None)
    if workload.task == "train" or not workload.context or (read or 0) + (written or 0) <= workload.context:
        return []
    what = "prompts are refused" if (read or 0) >= workload.context else "answers are cut off"
    asked = " and ".join(
        f"{amount:,.0f} {of}" for amount, of in ((read, "read"), (written, "written")) if amount
    )
    return [f"`traffic`: {asked} are more than the {workload.context:,} tokens of a sequence: {what}"]


def _notes_on_machines(job: Job, plan: Plan) -> list[str]:
    """What the machines of a job cost an hour together: prices are those of each."""
    many = machines(job)
    if many == 1 or plan.choice is None:
        return []
    price = plan.choice.price
    return [
        f"`nodes`: {many} machines × ${price:.2f}/h = ${many * price:.2f}/h; prices in the list are those of one"
    ]


def _notes_on_replicas(job: Job, plan: Plan) -> list[str]:
    """What a service costs an hour with all its replicas: what is worked out for a run is one machine's."""
    prices = [each.price for each in launchable(job, plan)]
    if job.task != "serve" or job.scaling is None or not prices:
        return []
    least, most = job.scaling.replicas
    if most == 1:
        return []
    number = str(most) if least == most else f"{least} to {most}"
    low, high = least * min(prices), most * max(prices)
    span = f"${high:.2f}/h" if f"{low:.2f}" == f"{high:.2f}" else f"${low:.2f} to ${high:.2f}/h"
    return [f"`scaling`: {number} replicas cost {span}; the cost and the worst case below are one machine's"]


def _left_out(plan: Plan, totals: Sequence[Total], within: Sequence[Total]) -> tuple[str, ...]:
    """What the budget keeps from being rented, though it fits."""
    choice, hours = plan.choice, plan.max_hours
    if choice is None or hours is None or len(within) == len(totals):
        return ()
    notes = []
    cheapest, total = totals[0]
    if cheapest is not choice and plan.by == "hour":  # else `Plan.why` says it
        notes.append(
            f"{cheapest.offer.cloud} asks less by the hour, ${cheapest.price:.2f}, and more in all: "
            f"${total or 0.0:.2f} in the same time"
        )
    dear = sum(one.price >= choice.price for one, _ in totals) - sum(
        one.price >= choice.price for one, _ in within
    )
    if dear:
        cost = "1 more that fits costs" if dear == 1 else f"{dear} more that fit cost"
        stand_in = "a lower budget.max_hours lets more stand in when this one is sold out"
        notes.append(f"{cost} over the budget in {hours:.4g} h: {stand_in}")
    return tuple(notes)


def _notes_on_hosts(job: Job, plan: Plan) -> list[str]:
    """That the machine is a stranger's; or what one of these would cost, where the job does not say that it wants
    none and it is cheaper."""
    if plan.choice and plan.choice.offer.hosts == "community":
        return ["a community machine: its owner, who may be anyone, can reach what is on it"]
    refused = next((each for each in plan.candidates if each.limit == "hosts"), None)
    if job.hosts or refused is None or (plan.choice and plan.choice.price <= refused.price):
        return []
    offer = refused.offer
    instead = f" instead of ${plan.choice.price:.2f}/h" if plan.choice else ""
    machine = f"{offer.gpu_count} × {offer.gpu} on {offer.cloud}"
    return [
        f'a community machine would cost ${refused.price:.2f}/h{instead} ({machine}): "hosts": "any" allows it'
    ]


FALLBACK = 2.0
"""Where a job names neither its GPUs nor a `max_price`, what may be taken when the choice is sold out costs at
most this many times its price: nobody who was shown $0.40/h has agreed to $4."""


Total = tuple[Candidate, float | None]
"""A candidate, and what the run costs on it at most; None without a limit."""


def launchable(job: Job, plan: Plan) -> tuple[Candidate, ...]:
    """The kept candidates that may be rented, in the plan's order: the choice, and what may replace it when it is
    sold out without breaking the budget at the plan's time limit."""
    return tuple(each for each, total in _totals(job, plan) if _within(job, plan, each, total))


def _totals(job: Job, plan: Plan) -> list[Total]:
    """The choice, and what may replace it if only what it costs an hour and for the work is looked at. One
    launcher rents all."""
    choice = plan.choice
    if choice is None:
        return []
    bounded = bool(job.gpu_types) or job.max_price is not None
    return [
        (candidate, total_at(job, plan, candidate))
        for candidate in plan.kept
        if candidate.offer.launcher == choice.offer.launcher and (bounded or _near(candidate, choice))
    ]


def _within(job: Job, plan: Plan, candidate: Candidate, total: float | None) -> bool:
    return candidate is plan.choice or not over_budget(job, total)


def _near(candidate: Candidate, choice: Candidate) -> bool:
    """Whether it costs no more than `FALLBACK` times the choice: an hour, and for the work."""
    if candidate.price > FALLBACK * choice.price:
        return False
    if candidate.unit_cost is None or choice.unit_cost is None:
        return candidate.unit_cost is choice.unit_cost
    return candidate.unit_cost <= FALLBACK * choice.unit_cost


def affordable(job: Job, plan: Plan) -> float:
    """The most $/h at which `budget.max_total` pays for the time limit on every cloud that may be rented from;
    infinite where there is no such limit."""
    return min((affordable_price(job, plan, each) for each in launchable(job, plan)), default=float("inf"))


def over_budget(job: Job, total: float | None) -> str:
    """In words, how a worst case in dollars exceeds `budget.max_total`; "" where it does not, or none is set."""
    cap = job.budget.max_total if job.budget else None
    return f"worst case ${total:.2f} is over the budget of ${cap:.2f}" if exceeds(total, cap) else ""
