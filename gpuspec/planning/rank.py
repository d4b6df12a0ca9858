"""Job × offers → Plan: the offers that keep every limit, ranked by price."""

from __future__ import annotations

from collections.abc import Mapping

from gpuspec.job.job import Job
from gpuspec.planning import limits
from gpuspec.planning.cost import billed_job, cost_at, exceeds, highest_price, time_limit
from gpuspec.planning.idle_minutes import keep_alive
from gpuspec.planning.market import Market
from gpuspec.planning.plan import Candidate, Plan
from gpuspec.sizing import Unsized
from gpuspec.workload.workload import Workload


def rank_offers(
    market: Market, *, sources: Mapping[str, str | None] | None = None, launcher: str | None = None
) -> Plan:
    """Rank what can be rented for a job; with `launcher`, of what that one can run on.

    `sources` gives the date of each price source. Deterministic."""
    job, workload = market.job, market.workload
    candidates = tuple(sorted(market.candidates(launcher), key=_rank))
    choice = candidates[0] if candidates and candidates[0].kept else None
    need = market.need_for(choice.offer.gpu_count if choice else market.wanted.gpu_count)
    idle = 0.0 if choice and choice.offer.owned else keep_alive(job, workload)
    billed = billed_job(job, choice.offer) if choice else job
    hours = time_limit(billed, highest_price(choice, job) if choice else 0.0, idle, need)
    dates = {name: (sources or {}).get(name) for name in sorted({c.offer.source for c in candidates})}
    made = Plan(
        need=need,
        candidates=candidates,
        choice=choice,
        cost=None,
        prices_as_of=dates[choice.offer.source] if choice else None,
        notes=market.wanted.notes,
        keep_alive_minutes=idle,
        max_hours=hours,
        sources=tuple(dates.items()),
        limits_regions=bool(market.terms.regions or market.terms.allowed_regions),
    )
    made = made._replace(cost=cost_at(job, made, choice) if choice else None)
    return made._replace(notes=made.notes + _notes(job, workload, made))


def _rank(candidate: Candidate) -> tuple[object, ...]:
    """Kept before rejected; by price, at one price the larger GPU, on demand before spot, then by name."""
    offer = candidate.offer
    where = (offer.cloud, offer.region or "", offer.instance, offer.source)
    place = 0 if candidate.kept else 1 + limits.NAMES_OF_LIMITS.index(candidate.limit)
    gpu = candidate.gpu
    return place, candidate.price, -gpu.vram_gb, candidate.spot, gpu.name, offer.gpu_count, *where


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
            f"needed, {fit.usable:.1f} usable; {fit.part} decides"
        )
    if plan.choice and plan.choice.spot:
        notes.append(
            "spot: the machine can be taken away at any time; where nothing replaces it, the run fails"
        )
    notes += _notes_on_hosts(job, plan)
    over = over_budget(job, plan.cost.total if plan.cost else None)
    return (*notes, over) if over else tuple(notes)


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


def launchable(job: Job, plan: Plan) -> tuple[Candidate, ...]:
    """The kept candidates that may be rented, cheapest first: the choice, and what may replace it when it is sold
    out without breaking the budget at the plan's time limit."""
    if plan.choice is None:
        return ()
    bounded = bool(job.gpu_types) or job.max_price is not None
    dearest = float("inf") if bounded else FALLBACK * plan.choice.price
    return tuple(
        candidate
        for candidate in plan.kept
        if candidate.price <= dearest
        if candidate is plan.choice or not over_budget(job, cost_at(job, plan, candidate).total)
    )


def over_budget(job: Job, total: float | None) -> str:
    """In words, how a worst case in dollars exceeds `budget.max_total`; "" where it does not, or none is set."""
    cap = job.budget.max_total if job.budget else None
    return f"worst case ${total:.2f} is over the budget of ${cap:.2f}" if exceeds(total, cap) else ""
