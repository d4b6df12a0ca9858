"""GS101 of a job that has run on the machine that it names: by the memory that was measured, beside the estimate."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gpuspec.lint import Facts, Finding, Fix, Rule
from gpuspec.named_tuple import NamedTuple
from gpuspec.planning.alternatives import Alternative
from gpuspec.planning.case import Case
from gpuspec.planning.compare import Compared, better
from gpuspec.planning.market import Market
from gpuspec.planning.measured import Measured, need_as_measured, peak_is_need
from gpuspec.rules.cost_in_words import both_prices, saving
from gpuspec.rules.numbers import price_lines
from gpuspec.sizing import Need, Unsized
from gpuspec.words import gib, percent

if TYPE_CHECKING:
    from gpuspec.catalog import Gpu


class AsItRan(NamedTuple):
    """The machine that the job comes down to, what its last runs took there, and the market by what they took."""

    machine: Alternative
    measured: Measured
    peak: float
    market: Market


class _Measured(Case):
    """The same job, with the measured peak in the place of the estimate, where it is of as many GPUs."""

    taken: tuple[int, float] = (0, 0.0)

    def need(self, gpus: int = 1, gpu: Gpu | None = None) -> Need | Unsized:
        found = super().need(gpus, gpu)
        used, peak = self.taken
        if gpus != used:
            return found
        known = found if isinstance(found, Need) else None
        return need_as_measured(known, peak, gpus, self.workload.engine or "")


def as_it_ran(facts: Facts) -> AsItRan | None:
    """None where the job did not run to its end on its machine, or its engine takes all the memory that it may."""
    if not peak_is_need(facts.workload.engine or ""):
        return None
    named = {(one.gpu.name, one.gpu_count) for one in facts.choices}
    for measured in facts.case.measured:
        if measured.peak_gib is None or (measured.gpu, measured.gpus) not in named:
            continue
        case = _case(facts, measured, measured.peak_gib)
        machine = case.baseline
        if machine and (machine.gpu.name, machine.gpu_count) == (measured.gpu, measured.gpus):
            return AsItRan(machine, measured, measured.peak_gib, case.market)
    return None


def _case(facts: Facts, measured: Measured, peak: float) -> Case:
    case = facts.case
    found = _Measured(
        case.document._replace(job=case.job),
        settings=case.settings,
        overrides=case.overrides._replace(max_hours=None, machines=1),  # the job has them already
        catalog=case.catalog,
        on_disk=case.on_disk,
    )
    found.taken = facts.market.used_of(measured.gpus), peak
    found.measured, found.steps, found.workload = case.measured, case.steps, case.workload
    return found


def smaller(ran: AsItRan, *, min_saving: float, min_speed: float, most_vram: float) -> Compared | None:
    """The machine on which the work costs least and which holds what was measured, and a tenth more."""
    count = (ran.machine.gpu_count,)
    return better(
        ran.market, ran.machine, count, min_saving=min_saving, min_speed=min_speed, most_vram=most_vram
    )


def finding(rule: Rule, facts: Facts, ran: AsItRan, found: Compared) -> Finding:
    """The finding, with both numbers."""
    machine, one = ran.machine, found.machine
    usable = machine.gpu.vram_gib
    estimate = facts.market.fit_as_written(machine.gpu, machine.gpu_count)
    expected = f"{gib(estimate.need.expected)} expected" if estimate else "no estimate"
    busy = ran.measured.gpu_utilization
    idle = "" if busy is None else f", {busy:.0f} % busy"
    return rule.finding(
        facts.gpu_place(machine),
        f"{machine.label} is more than this job needs: {ran.measured.which} peaked at {ran.peak:.1f} of its "
        f"{usable:.1f} GiB ({percent(ran.peak / usable)}{idle}; {expected}): {both_prices(facts, machine, found)}",
        confidence="high" if found.now else "medium",
        saving=saving(machine, found),
        suggestion=f'use "{one.gpu.name}"',
        fix=Fix(f"use {one.gpu.name}", (facts.rename_gpu(machine, one.gpu.name),), safe=False),
        numbers=(
            *((f"run {run.id}", _said(run.began, run.peak_gib, run.source)) for run in ran.measured.runs),
            *price_lines(facts, machine, found),
        ),
    )


def _said(began: str, peak: float | None, source: str) -> str:
    measured = "no peak" if peak is None else f"{peak:.2f} GiB at most on one GPU"
    return f"{began[:10]}: {measured} ({source})"
