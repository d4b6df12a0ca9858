"""Job × offers → Plan: every offer judged by every limit, the kept ones ranked by price."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from gpuspec.catalog import Catalog, Gpu, Offer
from gpuspec.job.job import Job
from gpuspec.planning import limits
from gpuspec.planning.cost import time_limit, worst_case
from gpuspec.planning.idle_minutes import keep_alive
from gpuspec.planning.plan import Candidate, Plan
from gpuspec.planning.prices import Price, prices_of
from gpuspec.sizing import Fit, Need, Unsized
from gpuspec.workload.workload import Workload


def rank_offers(
    job: Job,
    workload: Workload,
    need_for: Callable[[int], Need | Unsized],
    offers: Sequence[Offer],
    *,
    catalog: Catalog,
    fit_for: Callable[[Need, Gpu], Fit] | None = None,
    sources: Mapping[str, str | None] | None = None,
    accept_no_timer: bool = False,
) -> Plan:
    """Rank what can be rented for a job.

    `catalog` is where the offers come from.
    `need_for(n)` is the memory of each of n GPUs, `fit_for` holds a Need against a GPU (`sizing.fit` at the
    workload's memory utilization unless given), `sources` gives the date of each price source.
    `accept_no_timer` keeps clouds whose machines cannot take themselves down. Deterministic."""
    if not limits.needs_gpu(job, workload):
        offers = ()
    judge = _Judge(
        job,
        workload,
        need_for,
        fit_for or _fit_for(workload),
        offers,
        catalog=catalog,
        accept_no_timer=accept_no_timer,
    )
    candidates = tuple(sorted((c for offer in offers for c in judge.candidates(offer)), key=_rank))
    choice = candidates[0] if candidates and candidates[0].kept else None
    need = judge.need(choice.offer.gpu_count if choice else judge.want.gpu_count)
    owned = choice is not None and choice.offer.owned
    idle = 0.0 if owned else keep_alive(job, workload)
    paid = job._replace(disk_gb=None) if owned else job
    ceiling = max(choice.price, job.max_price or 0.0) if choice else 0.0
    hours = time_limit(paid, ceiling, idle, need)
    cost = worst_case(paid, choice.price, idle, need, hours) if choice else None
    dates = {name: (sources or {}).get(name) for name in sorted({c.offer.source for c in candidates})}
    made = Plan(
        need=need,
        candidates=candidates,
        choice=choice,
        cost=cost,
        prices_as_of=dates[choice.offer.source] if choice else None,
        notes=judge.want.notes,
        keep_alive_minutes=idle,
        max_hours=hours,
        sources=tuple(dates.items()),
    )
    return made._replace(notes=made.notes + _notes(job, workload, made))


def _fit_for(workload: Workload) -> Callable[[Need, Gpu], Fit]:
    from gpuspec.sizing import fit

    return lambda need, gpu: fit(need, gpu, workload.memory_utilization)


class _Judge:
    """One job's limits, and what has been worked out for them so far."""

    def __init__(
        self,
        job: Job,
        workload: Workload,
        need_for: Callable[[int], Need | Unsized],
        fit_for: Callable[[Need, Gpu], Fit],
        offers: Sequence[Offer],
        *,
        catalog: Catalog,
        accept_no_timer: bool,
    ) -> None:
        self.job = job
        self.want = limits.wanted(job, workload, catalog)
        self.clouds = limits.allowed_clouds(job, frozenset(offer.cloud for offer in offers))
        self.cache = limits.cache_kind(job)
        self.accept_no_timer = accept_no_timer
        self._gpus = catalog.gpus_by_name
        self._need_for = need_for
        self._fit_for = fit_for
        self._needs: dict[int, Need | Unsized] = {}
        self._fits: dict[tuple[str, int], Fit] = {}

    def need(self, gpu_count: int) -> Need | Unsized:
        if gpu_count not in self._needs:
            self._needs[gpu_count] = self._need_for(gpu_count)
        return self._needs[gpu_count]

    def fit(self, gpu: Gpu, gpu_count: int) -> Fit | None:
        need = self.need(gpu_count)
        if isinstance(need, Unsized):
            return None
        if (gpu.name, gpu_count) not in self._fits:
            self._fits[gpu.name, gpu_count] = self._fit_for(need, gpu)
        return self._fits[gpu.name, gpu_count]

    def candidates(self, offer: Offer) -> list[Candidate]:
        """The offer at each price it may be paid; one rejected candidate where it may be paid at none."""
        gpu = self._gpus[offer.gpu]
        limit, reason = limits.gpu_reason(offer, gpu, self.want, self.job.min_vram)
        fit = None if limit else self.fit(gpu, offer.gpu_count)
        if not limit:
            limit, reason = self._machine(offer, fit)
        payable = prices_of(offer, self.job.spot)
        if not payable:
            fallback = offer.price if offer.price is not None else offer.spot_price
            if fallback is None:
                return []
            why = "no spot price, and spot is only" if offer.price is not None else "only offered as spot"
            limit, reason = (limit, reason) if limit else ("spot", why)
            return [Candidate(offer, gpu, fallback, offer.price is None, fit, False, reason, limit)]
        return [self._priced(price, gpu, fit, limit, reason) for price in payable]

    def _machine(self, offer: Offer, fit: Fit | None) -> tuple[str, str]:
        """(limit, reason) of what does not hang on the price, once the GPU itself is accepted."""
        broken = limits.fit_reason(fit, self.want.named)
        broken = broken if broken[0] else limits.place_reason(offer, self.clouds, self.job.regions)
        broken = broken if broken[0] else limits.cache_reason(offer, self.cache)
        if not broken[0] and not self.accept_no_timer:
            broken = limits.timer_reason(offer)
        return broken if broken[0] else limits.machine_reason(offer, self.job, self.need(offer.gpu_count))

    def _priced(self, price: Price, gpu: Gpu, fit: Fit | None, limit: str, reason: str) -> Candidate:
        if not limit:
            limit, reason = limits.price_reason(price.per_hour, self.job.max_price)
        return Candidate(price.offer, gpu, price.per_hour, price.spot, fit, not limit, reason, limit)


def _rank(candidate: Candidate) -> tuple[object, ...]:
    """Kept before rejected; by price, at one price the larger GPU, on demand before spot, then by name."""
    offer = candidate.offer
    where = (offer.cloud, offer.region or "", offer.instance, offer.source)
    place = 0 if candidate.kept else 1 + limits.NAMES_OF_LIMITS.index(candidate.limit)
    return (
        place,
        candidate.price,
        -candidate.gpu.vram_gb,
        candidate.spot,
        candidate.gpu.name,
        offer.gpu_count,
        *where,
    )


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
    over = over_budget(job, plan)
    return (*notes, over) if over else tuple(notes)


FALLBACK = 2.0
"""Where a job names neither its GPUs nor a `max_price`, what may be taken when the choice is sold out costs at
most this many times its price: nobody who was shown $0.40/h has agreed to $4."""


def launchable(job: Job, plan: Plan) -> tuple[Candidate, ...]:
    """The kept candidates that may be rented, cheapest first: the choice, and what may replace it when it is sold
    out without breaking the budget at the plan's time limit."""
    if plan.choice is None:
        return ()
    cap = job.budget.max_total if job.budget else None
    bounded = bool(job.gpu_types) or job.max_price is not None
    found = []
    for candidate in plan.kept:
        if not bounded and candidate.price > FALLBACK * plan.choice.price:
            continue
        total = worst_case(job, candidate.price, plan.keep_alive_minutes, plan.need, plan.max_hours).total
        if cap is None or total is None or total <= cap + 0.005 or candidate is plan.choice:
            found.append(candidate)
    return tuple(found)


def over_budget(job: Job, plan: Plan) -> str:
    """In words, how the worst case exceeds `budget.max_total`; "" where it does not, or none is set."""
    cap = job.budget.max_total if job.budget else None
    total = plan.cost.total if plan.cost else None
    if cap is None or total is None or total <= cap + 0.005:
        return ""
    return f"worst case ${total:.2f} is over the budget of ${cap:.2f}"
