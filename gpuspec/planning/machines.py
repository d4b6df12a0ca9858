"""The machines that hold a workload, and what each of them does for its price."""

from collections.abc import Iterator, Sequence
from itertools import islice
from math import inf
from typing import Literal

from gpuspec.catalog import Gpu
from gpuspec.named_tuple import NamedTuple
from gpuspec.planning.alternatives import Alternative
from gpuspec.planning.answering import stated_or_usual
from gpuspec.planning.case import Case
from gpuspec.sizing import Fit, Need, Unsized
from gpuspec.sizing.speed.rates import Range, Speed, WorkRate
from gpuspec.sizing.speed.serving import Served, served
from gpuspec.sizing.speed.work import work_rate
from gpuspec.words import HOURS_PER_MONTH
from gpuspec.workload import Workload
from gpuspec.workload.even_split import not_shared
from gpuspec.workload.workload import machines_together

LOOKED_AT = 10
"""GPUs whose speed is worked out in full, to rank them by what a token costs: those that a bound of each one's speed
ranks first."""

Order = Literal["hour", "token"]


class PricedMachine(NamedTuple):
    """So many of a GPU, with its price and its fit, and how it serves `sequences` at once, all of them busy. None
    where that is not known."""

    offered: Alternative
    each: Range | None = None
    """Tokens a second of one sequence."""
    ttft: Range | None = None
    """Seconds from a request to its first token."""
    per_unit: Range | None = None
    """$ for a token that is written, or one unit of what is `done`."""
    done: WorkRate | None = None
    """Of work that is not text, how much of it a second."""
    sequences: int = 1

    @property
    def per_million(self) -> Range | None:
        """$ per million tokens, or units of what is `done`."""
        return self.per_unit.times(1e6) if self.per_unit else None

    @property
    def per_month(self) -> float | None:
        """$ for all hours of a month; None where nobody offers it."""
        return self.offered.per_hour * HOURS_PER_MONTH if self.offered.price else None


def writes_text(workload: Workload) -> bool:
    """Whether the work is a model that answers in text."""
    return workload.task != "train" and workload.modality in (None, "text")


def machine(case: Case, offered: Alternative) -> PricedMachine:
    """What so many of a GPU do, with the declared users (or concurrency) always busy; where nobody says how many,
    with as many at once as a plan has it (`Measure.at_once`). Where no traffic says how long prompts and answers are,
    half of the context is read and half is written."""
    work, gpu, gpus = case.workload, offered.gpu, offered.gpu_count
    if not writes_text(work):
        return _at_work(work, offered)
    need = offered.fit.need if offered.fit else case.need(gpus, gpu)
    if isinstance(need, Need):  # the commands may use fewer of them
        gpus = min(need.gpus, gpus)
    let_in = need.sequences if isinstance(need, Need) else work.users
    many = let_in if work.users else case.market.measure.at_once(gpu, gpus)
    found = served(work, gpu, gpus, stated_or_usual(work, case.job.traffic), need=need, sequences=many)
    if isinstance(found, Served):
        cost = _per_unit(offered, found.throughput.times(1 / machines_together(work, gpus)))
        return PricedMachine(offered, found.each, found.ttft, cost, sequences=found.sequences)
    # How fast prompts are read is not known: only one sequence is not interrupted by those of others.
    alone = case.speed(gpu, gpus) if many == 1 else None
    return PricedMachine(offered, alone.each if isinstance(alone, Speed) else None)


def _at_work(work: Workload, offered: Alternative) -> PricedMachine:
    found = work_rate(work, offered.gpu, offered.gpu_count)
    if isinstance(found, Unsized):
        return PricedMachine(offered)
    return PricedMachine(offered, per_unit=_per_unit(offered, found.per_second), done=found)


def _per_unit(offered: Alternative, per_second: Range) -> Range | None:
    return per_second.inverse().times(offered.per_hour / 3600) if offered.price else None


def able_counts(workload: Workload, counts: Sequence[int]) -> tuple[int, ...]:
    """Of these numbers of GPUs those over which the engine can split the model."""
    return tuple(count for count in counts if not not_shared(workload, count))


def holding(case: Case, counts: Sequence[int]) -> Iterator[Alternative]:
    """Every GPU in the cheapest of these numbers that surely holds the workload, with the caches of all its users;
    cheapest first, as they are asked for."""
    return case.market.each_gpu(able_counts(case.workload, counts))


def by_hour(case: Case, counts: Sequence[int], most: int | None) -> tuple[PricedMachine, ...]:
    """Of each GPU the number that is cheapest an hour, cheapest first. `most`: so many of them; None: all."""
    return tuple(machine(case, one) for one in islice(holding(case, counts), most))


def by_token(case: Case, counts: Sequence[int], most: int | None) -> tuple[PricedMachine, ...]:
    """Machines by what a million tokens costs on them, cheapest first: of each GPU the number that is cheapest an
    hour, and larger ones on which a token costs less. Those whose speed is not known are left out. `most`: of so many
    GPUs, those that could be cheapest; None: of all."""
    found: dict[str, list[PricedMachine]] = {}
    for one in _by_bound(case, able_counts(case.workload, counts)):
        done = machine(case, one)
        if done.per_unit:
            found.setdefault(one.gpu.name, []).append(done)
        if len(found) == most:
            break
    rows = [row for of_gpu in found.values() for row in _worth_it(of_gpu)]
    return tuple(sorted(rows, key=lambda row: (_expected(row), row.offered.per_hour)))


def _by_bound(case: Case, counts: Sequence[int]) -> Iterator[Alternative]:
    """Machines in the order of the least that a token can cost on them. A larger number of a GPU comes only where
    each costs less an hour than of a smaller one: they share the same work, and wait for each other beside it."""
    market, workload = case.market, case.workload
    seen: dict[str, list[Alternative]] = {}
    for one in market.fitting(counts, weight=lambda fit: _least_time(workload, fit)):
        others = seen.setdefault(one.gpu.name, [])
        smaller = (other for other in others if other.gpu_count < one.gpu_count)
        least = min((other.per_hour / other.gpu_count for other in smaller), default=inf)
        if one.per_hour / one.gpu_count < 0.999 * least and not market.stands_for_others(one.gpu, counts):
            others.append(one)
            yield one


def _worth_it(of_gpu: Sequence[PricedMachine]) -> Iterator[PricedMachine]:
    """Of machines with one GPU the cheapest an hour, and dearer ones on which a token costs less."""
    least = inf
    for row in sorted(of_gpu, key=lambda row: row.offered.per_hour):
        if _expected(row) < least:
            least = _expected(row)
            yield row


def _expected(row: PricedMachine) -> float:
    return row.per_unit.expected if row.per_unit else inf


def _least_time(workload: Workload, fit: Fit) -> float | None:
    """The least that a token takes for each sequence, about, to rank machines by it: their memory read once, or
    their arithmetic, whichever takes longer. None where a fact is missing."""
    gpu, need, model = fit.gpu, fit.need, workload.model
    if not gpu.bandwidth_gbs:
        return None
    size = (model.active_params_b or model.params_b) if model else workload.params_b
    read = (need.weights + need.kv_cache * need.gpus / 2) / gpu.bandwidth_gbs
    compute = 2 * (size or 0.0) * need.sequences / gpu.fp16_tflops / 1e3 if gpu.fp16_tflops else 0.0
    return max(read, compute) / need.gpus


def priced(case: Case, gpu: Gpu, gpu_count: int) -> Alternative:
    """So many of one GPU, priced and held against the workload as its commands use them."""
    found = case.market.alternative(gpu, gpu_count)
    return found._replace(fit=case.market.fit_as_written(gpu, gpu_count))
