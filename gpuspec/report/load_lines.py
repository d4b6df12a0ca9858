"""A service under its declared load, in the lines of a plan: (label, sentence)."""

from __future__ import annotations

from collections.abc import Iterator

from gpuspec.job import Job
from gpuspec.planning.answering import milliseconds, rate, token_seconds
from gpuspec.planning.replicas import FULL, UNKNOWN_PEAK, Replicas
from gpuspec.planning.traffic import DAYS_PER_MONTH
from gpuspec.planning.under_load import Growth, Quiet, SloPrice, SpotMix, UnderLoad
from gpuspec.planning.units import unit_price
from gpuspec.planning.why_this import machine
from gpuspec.report.summary import plural
from gpuspec.words import dollars, figure, percent

SHORT_WAIT = 0.001
"""Seconds below which a wait is not worth a word."""

Line = tuple[str, str]
"""A label of at most five characters, and what stands behind it."""


def load_lines(job: Job, found: UnderLoad) -> list[Line]:
    """What the load asks of the choice, what that costs a month, and what would change it."""
    lines = [("load", _asked(job, found)), ("", _answered(found)), ("", _counted(found))]
    lines += [("", text) for text in (_paid(found), *_scaling(found)) if text]
    lines.append(("spare", _reserve(found.replicas)))
    if job.slo:
        lines.append(("slo", _slo(job, found)))
    if found.growth:
        lines.append(("grow", _growth(found.growth, found.replicas)))
    if found.mix:
        lines.append(("spot", _mix(found.mix, found)))
    if found.quiet:
        lines.append(("idle", _quiet(found.quiet)))
    return lines


def _asked(job: Job, found: UnderLoad) -> str:
    demand, traffic = found.replicas.demand, job.traffic
    users = f"{plural(demand.users, 'user')} at once" if demand.users else ""
    if not demand.mean or traffic is None:
        return users
    hours = found.replicas.hours
    within = "" if job.schedule is None or not job.schedule.hours_per_month else f", in {hours:g} h a month,"
    text = (
        f"{traffic.requests_per_day:,.0f} requests a day{within} are {rate(demand.mean)} a second on average"
    )
    if demand.peak is not None:
        text += f" and {rate(demand.peak)} a second in the busiest hour (traffic.peak_factor {traffic.peak_factor:g})"
    elif found.usual_peak:
        low, high = UNKNOWN_PEAK
        text += (
            f". Only this average is counted, since the job does not say how much busier the busiest hour is "
            f"(traffic.peak_factor; {low:g} to {high:g} is usual, and {high:g} would take "
            f"{plural(found.usual_peak, 'machine')})"
        )
    return f"{text}; {users}" if users else text


def _answered(found: UnderLoad) -> str:
    replicas, pace = found.replicas, found.replicas.at_peak
    user = f"{rate(1 / pace.token)} tokens/s for each user"
    if pace.ttft is not None:
        wait = replicas.wait or 0.0
        queued = f" ({milliseconds(wait)} of it in the queue)" if wait >= SHORT_WAIT else ""
        user = f"first token after {milliseconds(pace.ttft + wait)}{queued}, then {user}"
    if not replicas.demand.mean or pace.whole is None:
        return user
    if replicas.wait is None:
        user += "; waits grow longer and longer"
    come = rate(replicas.demand.busiest)
    at_once = _number(replicas.demand.busiest * pace.whole)
    inside = f"{at_once} are answered at once ({come} a second, each takes {pace.whole:.2g} s)"
    return f"one machine answers at most {rate(replicas.best.per_second)} a second; {inside}: {user}"


def _counted(found: UnderLoad) -> str:
    counted, demand = found.replicas.counted, found.replicas.demand
    if not demand.mean:
        return f"{plural(counted.peak, 'machine')}, {replicas_at_once(found.replicas)} on each"
    text = f"{plural(counted.mean, 'machine')} for the average"
    if demand.peak is not None:
        text = f"{plural(counted.peak, 'machine')} for the busiest hour, {counted.mean} for the average"
    there = max(1.0, counted.paid)
    mean, peak = found.replicas.busy(demand.mean, there), found.replicas.busy(demand.busiest, counted.peak)
    if mean is None or peak is None:
        return text
    text += f"; busy {_share(mean)} of the time"
    if demand.peak is not None:
        text += f", {_share(peak)} in the busiest hour"
    return text + f" (above {percent(FULL)} requests begin to wait)" * (peak > FULL)


def replicas_at_once(replicas: Replicas) -> str:
    """`16 at once`: sequences on one machine in the busiest hour."""
    return f"{replicas.at_peak.sequences:,} at once"


def _paid(found: UnderLoad) -> str:
    replicas = found.replicas
    machines, paid = machine(found.candidate), replicas.counted.paid
    times = "" if paid == 1 else f"{figure(paid)} × "
    average = "" if paid == int(paid) else " (machines that run on average)"
    text = (
        f"{times}{machines} at {dollars(replicas.price)}/h × {replicas.hours:g} h = "
        f"{dollars(replicas.per_month)} a month{average}"
    )
    if replicas.per_thousand is None or replicas.per_million is None:
        return text
    each = f"{unit_price(replicas.per_thousand)} per 1,000 requests"
    return f"{text}: {each}, {unit_price(replicas.per_million)} per million tokens written"


def _scaling(found: UnderLoad) -> Iterator[str]:
    replicas, counted = found.replicas, found.replicas.counted
    most = replicas.most
    if most is not None and most < counted.peak:
        yield (
            f"`scaling` allows {plural(most, 'machine')} and the load takes {counted.peak}: some requests wait ever "
            "longer, or are refused"
        )
    elif most is None and counted.peak > 1:
        number = counted.peak
        yield (
            f'without `scaling` a launch starts one machine: "scaling": {{"min": {number}, "max": {number}}} starts '
            f"{number}"
        )
    if found.varying is not None:
        less = replicas.cost_of(counted.peak - found.varying)
        yield (
            f'"scaling": {{"min": {counted.mean}, "max": {counted.peak}}} runs {figure(found.varying)} on average, '
            f"where traffic rises and falls evenly through the day: {dollars(less)} a month less, but each further "
            "machine has to start first"
        )


def _reserve(replicas: Replicas) -> str:
    counted, cost = replicas.counted, dollars(replicas.cost_of(1))
    least = replicas.scaling.replicas[0] if replicas.scaling else 0
    if least > counted.peak:
        kept = least - counted.peak
        return f"{plural(kept, 'machine')} in reserve (scaling.min): {dollars(replicas.cost_of(kept))} of the month"
    if counted.peak == 1:
        why = "without it, nothing answers while the only machine is replaced"
    else:
        left = counted.peak - 1
        why = f"without it, {left} of {counted.peak} answer while one is replaced"
    return f"one more machine in reserve costs {cost} a month; {why}"


def _slo(job: Job, found: UnderLoad) -> str:
    slo, replicas = job.slo, found.replicas
    assert slo
    if replicas.misses:
        return f"may not be kept: expected with one request at a time, {replicas.misses}"
    pace, kept, late = replicas.at_peak, [], False
    if slo.ttft_ms:
        told = "unknown (traffic)"
        if pace.ttft is not None:
            first = pace.ttft + (replicas.wait or 0.0)
            told, late = milliseconds(first), replicas.wait is None or first * 1000 > slo.ttft_ms * 1.005
        kept.append(f"first token after {told} (limit {figure(slo.ttft_ms)} ms)")
    if token_seconds(slo):
        limit = token_seconds(slo) or 0.0
        kept.append(f"{rate(1 / pace.token)} tokens/s (at least {rate(1 / limit)})")
    at_once = f"with up to {plural(replicas.best.sequences, 'request')} at once on a machine"
    text = f"{'not kept' if late else 'kept'}: {', '.join(kept)}, {at_once}"
    return f"{text}; {_slo_price(found.slo, found)}" if found.slo else text


def _slo_price(without: SloPrice, found: UnderLoad) -> str:
    more = found.replicas.per_month - without.per_month
    if more < 0.5:
        return "keeping it costs nothing extra"
    times = "" if without.machines == 1 else f"{figure(without.machines)} × "
    first = without.pace.ttft
    speed = f"{rate(1 / without.pace.token)} tokens/s when full"
    speed = speed if first is None else f"first token {milliseconds(first)}, {speed}"
    return (
        f"keeping it costs {dollars(more)} a month: without it, {times}{machine(without.candidate)} at "
        f"{dollars(without.per_month)} would be enough ({speed})"
    )


def _growth(growth: Growth, now: Replicas) -> str:
    parts = []
    if growth.next:
        extra = growth.next.per_month - now.per_month
        parts.append(
            f"as of month {growth.next.months} it takes {plural(growth.next.machines, 'machine')} "
            f"(+{dollars(extra)} a month)"
        )
    for later in growth.later:
        machines = plural(later.machines, "machine")
        parts.append(
            f"in {later.months} months the load is {later.times:.2f} times today's: {machines} in the busiest hour, "
            f"{dollars(later.per_month)} a month"
        )
    more = percent(abs(growth.per_month)) + (" more" if growth.per_month > 0 else " less")
    return f"{more} each month: {'; '.join(parts)}"


def _mix(mix: SpotMix, found: UnderLoad) -> str:
    replicas = found.replicas
    less = replicas.per_month - mix.per_month
    return (
        f"{mix.on_demand} on demand × {dollars(replicas.price)}/h + {mix.spot} on spot × {dollars(mix.price)}/h = "
        f"{dollars(mix.per_month)} a month, {dollars(less)} less; if all spot machines are taken away at once, "
        f"{percent(mix.on_demand / (mix.on_demand + mix.spot))} are left to answer"
    )


def _quiet(quiet: Quiet) -> str:
    wait = f" {quiet.start.low:.0f} to {quiet.start.high:.0f} s or more" if quiet.start else ""
    zero = (
        f"Scaled to zero after {quiet.idle_minutes:g} idle minutes, it runs {percent(quiet.up)} of the time, "
        f"{dollars(quiet.to_zero)} a month, and the first request after a pause waits{wait} for the start"
    )
    batch = (
        f"Where answers can wait, one batch a night takes {quiet.night:.2g} h × {DAYS_PER_MONTH:.3g} nights, "
        f"{dollars(quiet.batch)} a month and the starts"
    )
    return f"busy {_share(quiet.busy)} of the time. {zero}. {batch}"


def _share(share: float) -> str:
    """`63 %`, `0.1 %`."""
    return percent(share) if share >= 0.01 else f"{share * 100:.1g} %"


def _number(amount: float) -> str:
    return f"{amount:,.0f}" if amount >= 9.95 else figure(amount, 2)
