"""What one job may rent: every offer judged by every limit, in one place for rules, plans and launchers."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cached_property
from typing import Any

from gpuspec.catalog import Gpu, GpuMatch, Offer
from gpuspec.job import Job
from gpuspec.planning import limits, price_lists
from gpuspec.planning.alternatives import Alternative, InOrder, speed_of
from gpuspec.planning.cost import exceeds
from gpuspec.planning.measure import Measure
from gpuspec.planning.plan import Candidate, Plan
from gpuspec.planning.price_lists import Bound, Price, PriceBook, PriceList, bids_of, prices_of
from gpuspec.sizing import Fit, Need, Unsized
from gpuspec.words import By
from gpuspec.workload import Workload
from gpuspec.workload.workload import as_key

NeedFor = Callable[[int, "Gpu | None"], "Need | Unsized"]
"""Number of GPUs → memory per GPU."""


class Market:
    """The offers of a price book as one job may take them.

    `need_for(n, gpu)` is the memory of each of n such GPUs; `allowed` are the clouds and `allowed_regions` the
    regions that may be used whatever the job says; `by` is what machines are compared by (None: what the work is
    paid by); `why_not` says why the job does not start on a GPU that has the memory ("" where it does); `used` is how
    many GPUs its commands put to work (None: not known, then all); `fits` is what is known of the same work; `ran`
    are machines, (GPU, how many are used), on which it ran to its end: whatever the estimate says, it fits there."""

    def __init__(
        self,
        job: Job,
        workload: Workload,
        need_for: NeedFor,
        book: PriceBook,
        *,
        allowed: Sequence[str] = (),
        allowed_regions: Sequence[str] = (),
        accept_no_timer: bool = False,
        by: By | None = None,
        why_not: Callable[[Gpu], str] = lambda _: "",
        used: int | None = None,
        fits: dict[tuple[str, int], Fit | None] | None = None,
        ran: frozenset[tuple[str, int]] = frozenset(),
    ) -> None:
        self.job = job
        self.workload = workload
        self.book = book
        self.need_for = need_for
        self.why_not = why_not
        self.used = used
        self._by = by
        self.terms = limits.rental_terms(
            job,
            known=book.clouds if job.provider else frozenset(),
            community=book.community_clouds if job.clouds or job.provider or allowed else frozenset(),
            allowed=allowed,
            allowed_regions=allowed_regions,
            accept_no_timer=accept_no_timer,
        )
        self._fits: dict[tuple[str, int], Fit | None] = {} if fits is None else fits
        self._ran = ran
        self._in_order: dict[tuple[int, ...], InOrder] = {}
        self._sure: dict[tuple[str, int], Alternative | None] = {}
        self._slow: dict[tuple[str, int], str] = {}
        self._loaded: dict[int, float] = {}
        self.kept_plan: Plan | None = None
        """What `Case.kept_plan` is, once it has been asked for."""

    @cached_property
    def wanted(self) -> limits.Wanted:
        """The GPUs that the job asks for."""
        return limits.wanted(self.job, self.workload, self.book.catalog)

    @cached_property
    def measure(self) -> Measure:
        """What the machines are compared by."""
        counts = frozenset(count for _, count in self.wanted.accepted) or frozenset((self.wanted.gpu_count,))
        return Measure(
            self.job,
            self.workload,
            need=self.need_for(min(counts), None),
            counts=counts,
            fit_of=self.fit_as_written,
            used_of=self.used_of,
            asked=self._by,
            probes=self._probes,
        )

    def _probes(self) -> list[tuple[Gpu, int]]:
        """Machines by which it is seen whether the model of speed knows this work: those that the job names, else
        one whose data sheet has all that it takes."""
        known = self.book.catalog.gpus_by_name
        if self.wanted.accepted:
            return [(known[name], count) for name, count in sorted(self.wanted.accepted)]
        whole = (gpu for gpu in known.values() if gpu.bandwidth_gbs and gpu.fp16_tflops)
        return [(gpu, self.wanted.gpu_count) for gpu in whole][:1]

    def dearness(self, one: Alternative) -> tuple[bool, bool, bool, bool, float, float, float]:
        """The order in which the plan takes alternatives: within `max_price` first, then those that surely have the
        memory, then those that keep the `slo` in the number that `scaling` allows, then by what the job is paid by,
        those whose speed is not known last, then by the hour, and at one price the larger first."""
        cost = self.measure.rank(one.gpu, one.gpu_count, one.per_hour)
        slow = not self.measure.serves(one.gpu, one.gpu_count)
        over, unsure = exceeds(one.per_hour, self.job.max_price), one.verdict == "borderline"
        return over, unsure, slow, cost is None, cost or 0.0, one.per_hour, -one.gpu.vram_gb

    @cached_property
    def price_list(self) -> PriceList:
        """What may be rented on the job's terms, whatever GPU it has."""
        return self.book.price_list(self.terms)

    def fit_of_job(self, gpu: Gpu, gpu_count: int) -> Fit | None:
        """The job on so many of a GPU; None where its memory is not known."""
        key = (gpu.name, gpu_count)
        if key not in self._fits:
            need = self.need_for(gpu_count, gpu)
            fit = self.fit_of_need(need, gpu) if isinstance(need, Need) else None
            self._fits[key] = fit._replace(verdict="fits") if fit and key in self._ran else fit
        return self._fits[key]

    def fit_as_written(self, gpu: Gpu, gpu_count: int) -> Fit | None:
        """The job as it is written on so many of a GPU, of which its commands may use fewer."""
        return self.fit_of_job(gpu, self.used_of(gpu_count))

    def used_of(self, gpu_count: int) -> int:
        """How many of so many GPUs the commands put to work; all where that is not known."""
        return min(gpu_count, self.used or gpu_count)

    def fit_of_need(self, need: Need, gpu: Gpu) -> Fit:
        """A Need against a GPU at the utilisation that the job's command sets."""
        from gpuspec.sizing import fit

        return fit(need, gpu, self.workload.memory_utilization)

    def candidates(self, launcher: str | None = None, *, rejected: bool = True) -> list[Candidate]:
        """Every offer (with `launcher`, of what that one can run on) at each price it may be paid: kept, or
        `rejected` where those are asked for. None where the job asks for no GPU. What is so of a GPU in some
        number, and of a place, is looked at once for all their offers."""
        if not limits.needs_gpu(self.job, self.workload):
            return []
        found: list[Candidate] = []
        places = limits.Places(self.terms)
        for name, gpu_count in self.book.stock.machines:
            gpu = self.book.catalog.gpus_by_name[name]
            by_gpu = limits.gpu_reason(gpu, gpu_count, self.wanted, self.job.min_vram)
            by_gpu = by_gpu or self._cannot(gpu)
            fit = None if by_gpu else self.fit_as_written(gpu, gpu_count)
            by_gpu = by_gpu or limits.fit_reason(fit, self.wanted.named)
            if by_gpu and not rejected:
                continue
            for offer in self.book.stock.of((name, gpu_count)):
                if launcher is None or offer.launcher == launcher:
                    broken = by_gpu or places[offer.cloud, offer.region] or self._machine_reason(offer)
                    found += self._priced(offer, gpu, fit, broken)
        found = limits.without_unsure(found)
        return found if rejected else [candidate for candidate in found if candidate.kept]

    def _cannot(self, gpu: Gpu) -> limits.Broken | None:
        """Whether the job does not start on it. Of GPUs that the author named rules say it (GS107, GS203)."""
        why = "" if self.wanted.named else self.why_not(gpu)
        return ("gpu_types", f"{why}: name it in gpu_types where the job can use it") if why else None

    def _priced(
        self, offer: Offer, gpu: Gpu, fit: Fit | None, broken: limits.Broken | None
    ) -> Iterator[Candidate]:
        """The offer at each price it may be paid; one rejected candidate where it may be paid at none."""
        payable, most = prices_of(offer, self.job.spot), self.job.max_price
        if not payable:
            payable = prices_of(offer, "allowed")[:1] or bids_of(offer)
            broken = broken or (("spot", price_lists.why_not_payable(payable[0])) if payable else None)
        for price, spot, _ in payable:
            over = (
                ("max_price", f"${price:.2f}/h, max_price is ${most:.2f}/h") if exceeds(price, most) else None
            )
            over = broken or over or self._too_slow(gpu, offer.gpu_count)
            limit, reason = over or self.terms.host_reason(offer) or ("", "")
            yield Candidate(
                offer=offer,
                gpu=gpu,
                price=price,
                spot=spot,
                fit=fit,
                kept=not limit,
                reason=reason,
                limit=limit,
            )

    def _too_slow(self, gpu: Gpu, gpu_count: int) -> limits.Broken | None:
        """Whether such a machine surely does not keep the job's `slo`."""
        if self.job.slo is None:
            return None
        key = (gpu.name, gpu_count)
        if key not in self._slow:
            from gpuspec.planning.traffic import too_slow_alone

            self._slow[key] = too_slow_alone(self.job, self.workload, gpu, self.used_of(gpu_count))
        why = self._slow[key]
        return ("slo", f"{gpu_count} × {gpu.name}: even with one request at a time {why}") if why else None

    def _machine_reason(self, offer: Offer) -> limits.Broken | None:
        loaded = self._loaded.get(offer.gpu_count)
        if loaded is None:
            need = self.need_for(offer.gpu_count, None)
            loaded = self._loaded[offer.gpu_count] = need.loaded if isinstance(need, Need) else 0.0
        return limits.machine_reason(offer, self.job, loaded)

    def cheapest(self, gpu: str, gpu_count: int, *, spot: str | None = None) -> Price | None:
        """The cheapest way to rent so many of a GPU (canonical name, or one that stands for several variants) on one
        machine; None if nobody offers it. Within all limits of the job but for `max_price` and those on the GPU:
        rules ask what an alternative would cost. `spot`: in place of the job's."""
        found = self.price_list if spot is None else self.book.price_list(self.terms._replace(spot=spot))
        able = (price for price in found.prices(gpu, gpu_count) if self._machine_reason(price.offer) is None)
        return next(able, None)

    def alternative(self, gpu: Gpu, gpu_count: int, pointer: str = "") -> Alternative:
        """So many of one GPU, priced and sized."""
        return Alternative(
            gpu=gpu,
            gpu_count=gpu_count,
            price=self.cheapest(gpu.name, gpu_count),
            fit=self.fit_of_job(gpu, gpu_count),
            speed=speed_of(self.workload, gpu, gpu_count),
            pointer=pointer,
        )

    def choices(self) -> tuple[Alternative, ...]:
        """Every known GPU that the spec names, in the order written; of a name that several share, the cheapest that
        is large enough, as the plan takes it."""
        found = []
        for written in self.job.gpu_types:
            match = self.book.catalog.resolve_gpu(written.name)
            gpu_count = written.gpu_count or match.gpu_count or self.wanted.gpu_count
            gpu = match.gpu or (self._taken(match, gpu_count) if match.ambiguous else None)
            if gpu:
                found.append(self._as_written(gpu, gpu_count, written.pointer))
        return tuple(found)

    def _as_written(self, gpu: Gpu, gpu_count: int, pointer: str = "") -> Alternative:
        return self.alternative(gpu, gpu_count, pointer)._replace(fit=self.fit_as_written(gpu, gpu_count))

    def _taken(self, match: GpuMatch, gpu_count: int) -> Gpu:
        known = self.book.catalog.gpus_by_name
        each = [self._as_written(known[name], gpu_count) for name in match.accepts]
        enough = [one for one in each if self.large_enough(one)]
        if not enough:
            return max((one.gpu for one in each), key=lambda gpu: gpu.vram_gib)
        if not any(one.price for one in enough) and any(one.price for one in each):
            return match.ambiguous[0]  # nobody rents out the others
        best = min(enough, key=self.dearness).gpu
        return next((gpu for gpu in match.ambiguous if best.name in (gpu.name, *gpu.variants)), best)

    def large_enough(self, one: Alternative) -> bool:
        """Whether the plan would take it for its memory: not surely too small, and not below `min_vram`."""
        return one.verdict != "does not fit" and one.gpu.vram_gb >= (self.job.min_vram or 0)

    def baseline(self, choices: Sequence[Alternative], *, takes_first: bool) -> Alternative | None:
        """The choice whose cost is held against others (see `Case.baseline`)."""
        able = [one for one in choices if one.fit and self.large_enough(one)]
        priced = [one for one in able if one.price]
        if not priced:
            return None
        if takes_first:
            return able[0] if able[0].price else None
        cheapest = min(priced, key=self.dearness)
        unknown = [one for one in able if not one.price and one.gpu.vram_gb <= cheapest.gpu.vram_gb]
        return None if unknown else cheapest

    def fitting(
        self, counts: Sequence[int] = (1,), *, weight: Callable[[Fit], float | None] | None = None
    ) -> Iterator[Alternative]:
        """Every GPU × count that surely fits and can be rented, cheapest first, as they are asked for. Keeps the
        spec's `min_vram`: it may stand for memory that we cannot see. `weight`: what $/h are multiplied by before
        they are compared, where it is not the hour that counts; None: that machine is left out."""
        if weight:
            return self._fitting(counts, weight)
        key = tuple(counts)
        if key not in self._in_order:
            self._in_order[key] = InOrder(self._fitting(key, None))
        return iter(self._in_order[key])

    def _fitting(
        self, counts: Sequence[int], weight: Callable[[Fit], float | None] | None
    ) -> Iterator[Alternative]:
        from heapq import heappop, heappush

        known = self.book.catalog.gpus_by_name
        waiting: list[tuple[float, int, float, str, Alternative]] = []
        """Those that are priced; each comes when no other can be cheaper. Prices are looked up no further."""
        bounds: Iterable[Bound] = self.price_list.bounds(tuple(counts))
        for bound in sorted(self._weighed(bounds, weight)) if weight else bounds:
            while waiting and waiting[0][:4] <= bound:
                yield heappop(waiting)[-1]
            _, gpu_count, less_memory, name = bound
            one = self._surely(known[name], gpu_count)
            if one and one.fit:
                cost = one.per_hour * ((weight(one.fit) or 1.0) if weight else 1.0)
                heappush(waiting, (cost, gpu_count, less_memory, name, one))
        while waiting:
            yield heappop(waiting)[-1]

    def _weighed(self, bounds: Iterable[Bound], weight: Callable[[Fit], float | None]) -> Iterator[Bound]:
        for per_hour, gpu_count, less_memory, name in bounds:
            fit = self._sure_fit(self.book.catalog.gpus_by_name[name], gpu_count)
            by = weight(fit) if fit else None
            if by is not None:
                yield per_hour * by, gpu_count, less_memory, name

    def _sure_fit(self, gpu: Gpu, gpu_count: int) -> Fit | None:
        """The job on so many of a GPU, where its limits allow that and it surely fits."""
        if limits.kind_of(gpu) in self.wanted.unasked or gpu.vram_gb < (self.job.min_vram or 0):
            return None
        need = self.need_for(gpu_count, gpu)
        if isinstance(need, Need) and need.high > gpu.vram_gib:
            return None  # most are too small: this is said five times quicker than by how much
        fit = None if self.why_not(gpu) else self.fit_of_job(gpu, gpu_count)
        return fit if fit and fit.verdict == "fits" else None

    def _surely(self, gpu: Gpu, gpu_count: int) -> Alternative | None:
        """So many of a GPU, where it surely fits and can be rented."""
        key = (gpu.name, gpu_count)
        if key not in self._sure:
            one = self.alternative(gpu, gpu_count) if self._sure_fit(gpu, gpu_count) else None
            self._sure[key] = one if one and one.price else None
        return self._sure[key]

    def stands_for_others(self, gpu: Gpu, counts: Sequence[int]) -> bool:
        """Whether it is a name for several cards ("A100 80GB": PCIe and SXM4) of which one can be had: then it says
        nothing more."""
        variants = (self.book.catalog.gpus_by_name[name] for name in gpu.variants)
        return any(self._surely(variant, count) for variant in variants for count in counts)

    def each_gpu(self, counts: Sequence[int]) -> Iterator[Alternative]:
        """Every GPU in the cheapest of these counts that surely fits, cheapest first, as they are asked for: the few
        that are shown take a quarter of the time of all."""
        found: set[str] = set()
        for one in self.fitting(counts):
            if one.gpu.name not in found and not self.stands_for_others(one.gpu, counts):
                found.add(one.gpu.name)
                yield one

    def holds_concurrency(self, one: Alternative) -> bool:
        """Whether the KV cache of the declared concurrency fits too: an engine that queues would run with less,
        but then it would not do the same work. True where no concurrency was declared, and where users were: then
        what the job needs has the caches of all of them."""
        sequences = self.workload.concurrency
        if not sequences or one.fit is None or "concurrency" not in self.workload.origins:
            return True
        if self.workload.users is not None:
            return True
        from gpuspec.engines import engine_of

        if not engine_of(self.workload.engine).memory.queues:
            return True
        return one.fit.need.holding(sequences) <= one.fit.usable


_PLACES = ("pieces", "pointers", "raw", "deployment", "include", "workdir")
_ALONE = frozenset((*_PLACES, "labels", "name", "notify", "ports", "readiness", "run", "secrets"))
"""Fields of a Job that change nothing of what it may rent: the commands are in the Workload."""
MOST_KEPT = 512  # markets in a run


def market_of(case: Any, why_not: Callable[[Gpu], str]) -> Market:
    """The market of a Case; that of another of its run, where both do the same work on the same terms."""
    job, workload = case.job, case.workload
    alone = _ALONE if job.traffic or job.users else _ALONE | {"schedule"}  # which says when the load comes
    said = zip(job._fields, job, strict=True)
    terms = tuple([(name, as_key(value)) for name, value in said if value is not None and name not in alone])
    installed = tuple(step.text for step in case.steps if "install" in step.text)
    used = case.gpus_used.gpus if case.gpus_used else None
    where = case.document.format.name, installed, used  # jobs of a format may have only some GPUs
    ran = frozenset([(each.gpu, min(each.gpus, used or each.gpus)) for each in case.measured])
    bare = case.settings
    settings = bare._replace(usage=(), labels=()) if bare.usage or bare.labels else bare
    key = (id(case.catalog), case.work, settings, case.overrides, terms, where, ran)
    found: Market | None = case.shared.get(key)
    if found is None:
        if len(case.shared) >= MOST_KEPT:
            case.shared.clear()
        found = case.shared[key] = Market(
            job,
            workload,
            case.need,
            case.price_book,
            allowed=() if case.overrides.clouds else case.settings.clouds,
            allowed_regions=case.regions,
            accept_no_timer=case.overrides.accept_no_timer,
            by=case.overrides.by,
            why_not=why_not,
            used=used,
            fits=None if ran else case.sizes.fits,
            ran=ran,
        )
    return found
