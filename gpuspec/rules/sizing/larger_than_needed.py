"""GPUs that are far larger than a job needs, where nobody knows what they cost, or how busy they are."""

from __future__ import annotations

from collections.abc import Iterator

from gpuspec.catalog.rented_gpus import RENTED_GPUS, rented_at
from gpuspec.lint import Facts, Finding, Rule, Saving
from gpuspec.named_tuple import NamedTuple
from gpuspec.planning.alternatives import Alternative, counts_to, generates_text
from gpuspec.planning.case import Case
from gpuspec.planning.compare import Compared, compared
from gpuspec.planning.shares import Shares, shares
from gpuspec.rules.cheaper_machines import capability
from gpuspec.words import dollars, figure, percent, span_of_gib

MOST_USED = 0.4
"""Share of its usable memory that a job takes at most of a GPU that is far too large for it."""
HALF = 0.5
"""Share of its usable memory that a job takes at most of fewer of the same GPU."""
USUAL, WORST = 0.5, 0.75
"""Shares of the price that a smaller GPU costs at most: on the list in the middle, and on each."""
OWN_MACHINES = frozenset({"sbatch"})
"""Formats of jobs on machines that somebody has: a smaller GPU saves them nothing, and they may have none."""
READER = 10.0
"""Tokens a second that are quick enough for one who reads them: twice what people read (238 words a minute, Brysbaert
2019, "How many words do we read per minute?"; 1.3 tokens a word)."""
QUICK = 10.0
"""Texts that are embedded in a second, and seconds of sound that are worked off in one, which are enough for a server
of which nobody says that it is busy."""
LEAST_SPEED = 0.2
"""Share of the speed that a smaller GPU keeps, of other work."""
LEAST_CAPABILITY = 7.5
"""Engines leave out what is older (vLLM and PyTorch of 2026 have no kernels for Volta)."""
FEWER_DOLLARS = 0.7
"""Share of the cost that a unit of work has there at most, of what is paid by its work."""
LARGE = 0.4
"""Share of the price below which nobody doubts that the smaller one is cheaper."""
NAMED = 3
"""Smaller GPUs that a message names."""


class Smaller(NamedTuple):
    """A smaller GPU that holds the job: what it costs as a share of the present one, and what it does next to it.
    `readers`: tokens a second that one reader gets, now and there; None where no text is written."""

    found: Compared
    shares: Shares
    readers: tuple[float, float] | None = None


def current_of(case: Case) -> Alternative | None:
    """The GPU that a file names, where it is one and surely holds the job by far."""
    if case.document.format.name in OWN_MACHINES:
        return None
    one = only_one(case)
    return one if one and one.fit and one.fit.need.high <= MOST_USED * one.fit.usable else None


def only_one(case: Case) -> Alternative | None:
    """The GPU that a file names, where it is one and surely holds the job."""
    if len(case.choices) != 1 or len(case.job.gpu_types) != 1:
        return None
    return case.choices[0] if case.choices[0].verdict == "fits" else None


def fewer_of(case: Case, current: Alternative) -> Alternative | None:
    """The fewest of the same GPU that hold the job with as much room again, which needs no price to be said."""
    work = case.workload
    copies = (work.data_parallel or 1) > 1 or (work.expert_parallel or 1) > 1 or work.other_models
    if work.task == "train" or copies or (work.nodes or 1) > 1 or current.gpu_count == 1:
        return None
    from gpuspec.workload.even_split import not_shared

    for count in counts_to(current.gpu_count - 1):
        one = case.market.alternative(current.gpu, count)
        fits = (
            one.fit is not None and one.verdict == "fits" and one.fit.need.expected <= HALF * one.fit.usable
        )
        split = count == 1 or not not_shared(work._replace(tensor_parallel=None), count)
        if fits and split and case.market.holds_concurrency(one):
            return one
    return None


def smaller(case: Case, current: Alternative, most_vram: float, *, by_lists: bool) -> list[Smaller]:
    """The GPUs that would do, the cheapest first. `by_lists`: of those that clusters have, by all price lists; else
    by what the job would pay."""
    format_name, clouds = case.document.format.name, case.job.clouds
    place = format_name if format_name in RENTED_GPUS else clouds[0].lower() if len(clouds) == 1 else None
    found = []
    for one in case.market.fitting((current.gpu_count,)):
        small = one.gpu.vram_gb <= current.gpu.vram_gb * most_vram
        if not small or (by_lists and not rented_at(place, one.gpu.name)):
            continue
        if one.gpu.variants or capability(one) < LEAST_CAPABILITY or not case.market.holds_concurrency(one):
            continue
        each = _smaller(case, current, one, by_lists)
        if each:
            found.append(each)
    found.sort(key=lambda each: (each.shares.usual, -each.found.machine.gpu.vram_gb))
    return found


def _smaller(case: Case, current: Alternative, one: Alternative, by_lists: bool) -> Smaller | None:
    market = case.market
    share = (
        _kept_shares(case, one, current)
        if by_lists
        else Shares((("", one.per_hour, current.per_hour or one.per_hour),))
    )
    if not share.prices or share.usual > USUAL or share.each[-1] > WORST:
        return None
    if market.measure.serves(current.gpu, current.gpu_count) and not market.measure.serves(
        one.gpu, one.gpu_count
    ):
        return None
    found = compared(market, current, market, one)
    if found.speed is None:
        return None
    if market.measure.paid != "hour":
        return Smaller(found, share) if share.each[-1] / found.speed <= FEWER_DOLLARS else None
    if not generates_text(case.workload):
        return Smaller(found, share) if _quick(found) else None
    alone = [market.measure.rates.of(each.gpu, each.gpu_count, 1) for each in (current, one)]
    if alone[0] is None or alone[1] is None:
        return None
    readers = alone[0].per_second.expected, alone[1].per_second.expected
    return Smaller(found, share, readers) if readers[1] >= min(READER, readers[0]) else None


def _kept_shares(case: Case, one: Alternative, current: Alternative) -> Shares:
    """What is the same for all jobs of a run that name the GPU is worked out once."""
    key = (shares, one.gpu.name, current.gpu.name, one.gpu_count, current.gpu_count)
    if key not in case.shared:
        case.shared[key] = shares(case.market.book, one, current)
    kept: Shares = case.shared[key]
    return kept


def arithmetic(found: list[Smaller]) -> Iterator[tuple[str, str]]:
    """The prices behind the shares, and how fast each is."""
    for each in found[:NAMED]:
        one = each.found.machine
        prices = [
            f"{cloud} ${mine:.2f} ÷ ${its:.2f} = {percent(mine / its)}"
            for cloud, mine, its in each.shares.prices
        ]
        yield f"price of {one.label}", "; ".join(prices)
        if each.found.now and each.found.then:
            now, then = (rate.per_second.expected for rate in (each.found.now, each.found.then))
            many = f", {each.found.at_once[1]} at once" if each.found.at_once else ""
            yield (
                f"speed of {one.label}",
                f"{figure(then)} of {figure(now)} {each.found.now.unit} a second{many}",
            )


def _quick(found: Compared) -> bool:
    """Whether a server that writes no text is quick enough there."""
    if found.then and found.then.unit in ("texts", "seconds of sound"):
        return found.then.per_second.expected >= QUICK
    return (found.speed or 0.0) >= LEAST_SPEED


def finding(
    rule: Rule, facts: Facts, current: Alternative, found: list[Smaller], *, by_lists: bool
) -> Finding:
    """That the GPU is far larger than the job needs, and what would do."""
    assert current.fit
    need, usable = current.fit.need, current.fit.usable
    model = facts.workload.model.id if facts.workload.model else "this job"
    best = found[0]
    names = [each.found.machine.label for each in found[:NAMED]]
    small = names[0] if len(names) == 1 else f"{', '.join(names[:-1])} or {names[-1]}"
    return rule.finding(
        facts.gpu_place(current),
        f"{current.label} is far more than {model} needs ({span_of_gib(need.low, need.high)} of its "
        f"{usable:.1f} GiB, {percent(need.expected / usable)}): {_best(current, best, by_lists)}"
        + "".join(_other(each, by_lists) for each in found[1:NAMED]),
        severity="warning" if by_lists and best.shares.usual <= LARGE else "info",
        confidence="medium",
        saving=None if by_lists else _saving(current, best.found.machine),
        suggestion=f"use {small}{_busy(best)}",
        numbers=tuple(arithmetic(found)),
    )


def _saving(current: Alternative, one: Alternative) -> Saving:
    share = 1 - one.per_hour / current.per_hour
    return Saving(current.per_hour - one.per_hour, share=share, machine=(one.gpu.name, one.gpu_count))


def _best(current: Alternative, best: Smaller, by_lists: bool) -> str:
    """`L4 (24 GB) holds it with the same settings at 12–35 % of its price on the 3 price lists that have both, and
    writes 17 tokens/s to one reader (H100 SXM: 161)`."""
    one = best.found.machine
    price = f"at {best.shares.in_words}"
    if not by_lists:
        price = f"at {dollars(one.per_hour)}/h ({dollars(current.per_hour)}/h now)"
    if best.readers:
        now, then = (figure(rate, 2) for rate in best.readers)
        does = f"writes {then} tokens/s to one reader ({current.label}: {now})"
    else:
        does = f"does the work at {percent(best.found.speed or 0.0)} of the speed"
        if best.found.now and best.found.then:
            from gpuspec.planning.units import does as in_units

            now = figure(best.found.now.per_second.expected)
            does = f"{in_units(best.found.then)} ({current.label}: {now})"
    return f"{one.label} ({one.gpu.vram_gb:g} GB) holds it with the same settings {price}, and {does}"


def _other(each: Smaller, by_lists: bool) -> str:
    one, low, high = each.found.machine, each.shares.each[0], each.shares.each[-1]
    price = percent(low) if high - low < 0.01 else f"{100 * low:.0f}–{percent(high)}"
    cost = price if by_lists else f"{dollars(one.per_hour)}/h"
    speed = percent(each.found.speed or 0.0)
    does = f"{figure(each.readers[1], 2)} tokens/s" if each.readers else f"{speed} of the speed"
    return f"; {one.label} ({one.gpu.vram_gb:g} GB) at {cost}, {does}"


def _busy(best: Smaller) -> str:
    """What speaks for the large one, where it does."""
    token = best.shares.usual / (best.found.speed or 1.0)
    if best.readers is None or token < 1.05:
        return ""
    one = best.found.machine.label
    return f", unless it is busy all day: then a token costs {figure(token, 2)} times as much on {one}"
