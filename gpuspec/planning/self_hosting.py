"""A model on machines of one's own against an API, for the requests of one job."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from gpuspec.catalog.api_prices import ApiPrice
from gpuspec.job.job import Traffic
from gpuspec.named_tuple import NamedTuple
from gpuspec.planning.alternatives import COUNTS, Alternative, generates_text
from gpuspec.planning.answering import AnswerPace, Estimate, most_within, too_slow
from gpuspec.planning.breakeven import BreakEven, Hybrid, Own, break_even, hybrid, without_capacity
from gpuspec.planning.case import Case
from gpuspec.planning.growth import months_until
from gpuspec.planning.limits import gpus_of_job
from gpuspec.planning.traffic import answers_of
from gpuspec.words import HOURS_PER_MONTH, percent
from gpuspec.workload import Workload

TOKENS_IN, TOKENS_OUT = 800.0, 300.0
"""Of a request where nobody says it: those of the textbook chapter whose break-even example weighs Llama 3.1 8B
against GPT-4o-mini (docs/seed-facts.md)."""

AS_GOOD = 1.1
"""Machines that cost up to a tenth more a token than the cheapest are as good: of them the one that costs least an
hour is taken, which is sooner full."""

BUSY = "the machine is busy "
"""How the circumstances begin that differ in a machine's mean use alone."""

SHARES = (0.25, 0.5, 0.75, 1.0)
"""Utilisations that are compared."""


CACHED = 0.5
"""The share of a prompt that is taken to be cached where caches on both sides are compared."""


class TypicalRequest(NamedTuple):
    """The tokens of one request."""

    read: float
    written: float
    assumed: bool = False

    def traffic(self) -> Traffic:
        """A day of one request: what a machine answers an hour does not depend on how many there are."""
        return Traffic(1.0, self.read, self.written)


class Host(NamedTuple):
    """A machine that holds the model, and what it answers an hour at most; `why` is the arithmetic."""

    machine: Alternative
    per_hour: float
    why: str
    keeps_slo: bool = True
    """Whether the job's `slo`, if it has one, is kept at that rate."""

    @property
    def each(self) -> float:
        """Dollars for one request of a machine that is always busy."""
        return self.machine.per_hour / self.per_hour

    @property
    def label(self) -> str:
        """ "1 × L40S"."""
        return f"{self.machine.gpu_count} × {self.machine.gpu.name}"


class Usage(NamedTuple):
    """How machines are used and paid for, beside what the case says: options of the command, over the job."""

    request: TypicalRequest
    requests: float | None
    """A month; None where nobody says how many."""
    utilization: float
    """Mean use of a machine, whose busiest hour is full."""
    hours: float = HOURS_PER_MONTH
    """Of a month that the machines run and are paid for."""
    ops: float = 0.0
    growth: float | None = None

    def own(self, host: Host, *, utilization: float | None = None, spare: int = 0) -> Own:
        """So many of a machine, as this job uses and pays them."""
        share = self.utilization if utilization is None else utilization
        month = host.machine.per_hour * self.hours
        return Own(month, host.per_hour * self.hours * share, self.ops, spare)


class Sensitivity(NamedTuple):
    """The break-even under one other circumstance."""

    what: str
    own: Own
    at: BreakEven | None


class Comparison(NamedTuple):
    """The answer."""

    workload: Workload
    api: ApiPrice
    usage: Usage
    host: Host
    own: Own
    at: BreakEven | None
    uncapped: int
    """Where one machine answered any number of requests."""
    quickest: tuple[float, BreakEven | None] | None
    """Requests an hour at the high end of the machine's speed, and the break-even then; None where that is not
    known."""
    earlier: tuple[Host, BreakEven] | None
    """Another machine that pays sooner, and from when."""
    mix: Hybrid | None
    """The cheapest mix with the API for the requests there are; None where nobody says how many."""
    months: int | None
    """In so many months the traffic has grown to the break-even; None where it does not, or does not grow."""
    others: tuple[Sensitivity, ...]

    @property
    def each(self) -> float:
        """Dollars for one request by the API."""
        return self.api.per_request(self.usage.request.read, self.usage.request.written)

    @property
    def pays_above(self) -> float:
        """The mean use of a machine above which it costs less a request than the API, were nothing else to pay; more
        than 1 where not even a full one does."""
        return self.host.each / self.each if self.each else float("inf")

    @property
    def looked_at(self) -> float:
        """Requests a month that what-ifs and tables are about: those there are, else the break-even, else those of
        one machine."""
        return self.usage.requests or (self.at.first if self.at else self.own.requests)


def compare(case: Case, api: ApiPrice, usage: Usage, found: Sequence[Host]) -> Comparison:
    """The API against the best of some machines (at least one), cheapest a request first."""
    each = api.per_request(usage.request.read, usage.request.written)
    host = best(found, usage)
    own = usage.own(host)
    at = break_even(own, each)
    mix, months = None, None
    if usage.requests:
        mix = hybrid(own, each, usage.requests, 1 / usage.utilization)
        if usage.growth and at:
            months = months_until(at.first / usage.requests, usage.growth)
    return Comparison(
        workload=case.workload,
        api=api,
        usage=usage,
        host=host,
        own=own,
        at=at,
        uncapped=without_capacity(own, each) if each else 0,
        quickest=_quickest(case, usage, host, each),
        earlier=_earlier(found, usage, each, at),
        mix=mix,
        months=months,
        others=tuple(_others(case, api, usage, host)),
    )


def best(found: Sequence[Host], usage: Usage) -> Host:
    """Of some machines the one that costs least for the requests there are; where nobody says how many, the one that
    costs least a token when it is busy."""
    if usage.requests:
        requests = usage.requests
        return min(found, key=lambda host: (usage.own(host).cost(requests), host.each))
    least = min(host.each for host in found)
    return min(
        (host for host in found if host.each <= least * AS_GOOD), key=lambda host: host.machine.per_hour
    )


def _earlier(
    found: Iterable[Host], usage: Usage, each: float, at: BreakEven | None
) -> tuple[Host, BreakEven] | None:
    pays = ((host, even) for host in found if (even := break_even(usage.own(host), each)))
    first = min(pays, key=lambda pair: (pair[1].first, pair[0].each), default=None)
    return first if first and (at is None or first[1].first < at.first) else None


def _quickest(case: Case, usage: Usage, host: Host, each: float) -> tuple[float, BreakEven | None] | None:
    high = at_most(case, host.machine, usage.request, estimate="high")
    if high is None:
        return None
    per_hour = high.per_second * 3600
    return per_hour, break_even(usage.own(host._replace(per_hour=per_hour)), each)


def _others(case: Case, api: ApiPrice, usage: Usage, host: Host) -> Iterable[Sensitivity]:
    request, own = usage.request, usage.own(host)
    each = api.per_request(request.read, request.written)
    for share in SHARES:
        if abs(share - usage.utilization) > 0.005:
            used = usage.own(host, utilization=share)
            yield Sensitivity(f"{BUSY}{percent(share)} of the time", used, break_even(used, each))
    spare = usage.own(host, spare=1)
    yield Sensitivity("one more machine runs, in case one fails", spare, break_even(spare, each))
    if api.batch_discount:
        what = f"the API is asked in batches, answered within a day and {percent(api.batch_discount)} cheaper"
        yield Sensitivity(what, own, break_even(own, each * (1 - api.batch_discount)))
    cached = api.per_request_cached(request.read, request.written, CACHED)
    warm = at_most(case, host.machine, request._replace(read=request.read * (1 - CACHED)))
    if cached is not None and warm:
        both = usage.own(host._replace(per_hour=warm.per_second * 3600))
        yield Sensitivity(
            f"{percent(CACHED)} of the tokens read are cached, by the API and by the machine",
            both,
            break_even(both, cached),
        )


def hosts(case: Case, request: TypicalRequest, named: Sequence[tuple[str, int]] = ()) -> list[Host]:
    """The machines that surely hold the work and can be rented: those `named` (canonical names, how many), else those
    that the job names, else every one. Left out are those whose speed is not known, those over which the engine
    cannot split the model, and those that break the `slo` where others keep it."""
    if not generates_text(case.workload):
        return []
    from gpuspec.workload.even_split import not_shared

    found = []
    for one in _machines(case, named):
        if not_shared(case.workload, case.market.used_of(one.gpu_count)):
            continue
        answered = at_most(case, one, request)
        if answered and one.price:
            keeps = not too_slow(answered, case.job.slo)
            found.append(Host(one, answered.per_second * 3600, answered.why, keeps))
    return [host for host in found if host.keeps_slo] or found


def at_most(
    case: Case,
    one: Alternative,
    request: TypicalRequest,
    *,
    together: int | None = None,
    estimate: Estimate = "expected",
) -> AnswerPace | None:
    """How a machine answers with as many at once as it has room for and the job's `slo` allows; None where its
    speed is not known. `together`: so many at once, whatever those say."""
    answers = answers_of(case.workload, one.gpu, one.gpu_count, request.traffic(), estimate)
    if together:
        return answers(together)
    most = case.market.measure.at_once(one.gpu, one.gpu_count)
    return most_within(answers, most, case.job.slo) or answers(1)


def _machines(case: Case, named: Sequence[tuple[str, int]]) -> Iterable[Alternative]:
    if named:
        gpus = case.catalog.gpus_by_name
        every = [case.market.alternative(gpus[name], count) for name, count in named]
        return [one for one in every if one.verdict != "does not fit"]
    if case.choices:
        return [one for one in case.choices if case.market.large_enough(one)]
    count = gpus_of_job(case.job, case.workload, case.catalog)
    every = list(case.market.fitting((count,) if count else COUNTS))
    listed = {one.gpu.name for one in every}
    return [one for one in every if not listed.intersection(one.gpu.variants)]


def request_of(traffic: Traffic | None, read: float | None, written: float | None) -> TypicalRequest:
    """The tokens of a request: the options', else the job's, else usual ones."""
    stated_in, stated_out = (traffic.input_tokens, traffic.output_tokens) if traffic else (None, None)
    known_in = read if read is not None else stated_in
    known_out = written if written is not None else stated_out
    assumed = known_in is None or not known_out  # no answer takes no tokens
    return TypicalRequest(TOKENS_IN if known_in is None else known_in, known_out or TOKENS_OUT, assumed)
