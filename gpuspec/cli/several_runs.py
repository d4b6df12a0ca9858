"""Several specs of one `gpuspec run`: what they may cost together, the one question, and what became of each."""

from __future__ import annotations

from collections.abc import Sequence

from gpuspec.cli.columns import aligned
from gpuspec.cli.prepared_run import Prepared
from gpuspec.errors import UserError
from gpuspec.launch import run_cost
from gpuspec.launch.launcher import Record, Run
from gpuspec.launch.records import Records
from gpuspec.planning.cost import exceeds, machines
from gpuspec.planning.rank import launchable
from gpuspec.words import dollars, listed

MOST_NAMED = 5
"""Specs that a line names."""
LEAST = 0.01
"""Dollars that a run is given at least: less pays for nothing."""


def budget_shares(budget: float, worst: Sequence[tuple[str, float | None]]) -> list[float | None]:
    """For each (spec, dollars at worst): None where its own limit holds; where it has none, an equal part of what the
    others leave of the budget. UserError where they leave nothing, or cost more."""
    known = sum(each for _, each in worst if each is not None)
    unlimited = [spec for spec, each in worst if each is None]
    left = budget - known
    if exceeds(known, budget) or (unlimited and left < LEAST * len(unlimited)):
        parts = [f"{spec} {dollars(each)}" for spec, each in worst if each]
        rest = f", and {listed(unlimited, MOST_NAMED)} without a limit" if unlimited else ""
        raise UserError(
            "over-budget",
            f"at worst these cost {dollars(known)} ({listed(parts, MOST_NAMED)}){rest}: "
            f"over the --budget of {dollars(budget)}",
            "lower their budget.max_hours, leave one out, or raise --budget",
        )
    return [None if each is not None else left / len(unlimited) for _, each in worst]


def runs_listed(prepared: Sequence[Prepared]) -> list[str]:
    """What would be launched, a line each."""
    rows = [("SPEC", "JOB", "ON", "MACHINE", "$/h", "AT WORST")]
    return ["", *aligned([*rows, *map(_row, prepared)]), ""]


def _row(each: Prepared) -> tuple[str, ...]:
    name, choice = each.case.job.name or "job", each.plan.choice
    if not each.costs or choice is None:
        return (each.settings.spec_path, name, each.where.name, "", "", "")
    offer = choice.offer
    together = machines(each.case.job)
    machine = f"{offer.gpu_count} × {choice.gpu.name}, {offer.cloud}" + " spot" * choice.spot
    machine = f"{together} × ({machine})" if together > 1 else machine
    worst = each.plan.cost.total if each.plan.cost else None
    at_worst = "no limit" if worst is None else dollars(worst)
    return (
        each.settings.spec_path,
        name,
        each.where.name,
        machine,
        f"{together * choice.price:.2f}",
        at_worst,
    )


def question_of_all(prepared: Sequence[Prepared]) -> str:
    """`Launch 3 jobs, one after the other, at $0.69/h to $2.49/h, $12.40 in all at worst?`"""
    paid = [each for each in prepared if each.costs]
    here = len(prepared) - len(paid)
    if not paid:
        return f"Run these {len(prepared)} jobs here, one after the other?"
    detached = paid[0].settings.detach
    together = "without waiting for any" if detached else "one after the other"
    prices = [machines(each.case.job) * each.plan.choice.price for each in paid if each.plan.choice]
    most = [
        machines(each.case.job) * max(one.price for one in launchable(each.case.job, each.plan))
        for each in paid
    ]
    rate = f"${min(prices):.2f}/h to ${max(most):.2f}/h"
    if detached:
        rate = f"${sum(prices):.2f}/h to ${sum(most):.2f}/h in all"
    unlimited = [
        each.settings.spec_path for each in paid if not each.plan.cost or each.plan.cost.total is None
    ]
    known = sum(each.plan.cost.total or 0.0 for each in paid if each.plan.cost)
    worst = f"{dollars(known)} in all at worst"
    if unlimited:
        worst = (
            f"{worst} beside {listed(unlimited, MOST_NAMED)}, which nothing ends"
            if known
            else "which nothing ends"
        )
    local = f" ({here} of them here)" if here else ""
    return f"Launch {len(prepared)} jobs{local}, {together}, at {rate}, {worst}?"


def told_what_became(prepared: Sequence[Prepared], records: Sequence[Record]) -> list[str]:
    """What became of each: its state and cost as recorded, those that go on and how to end them, and those that were
    not launched."""
    runs = [_latest(each) for each in records]
    lines = ["", *aligned([("RUN", "SPEC", "STATE", "COST"), *map(_ended, runs)])] if runs else [""]
    left = [each.settings.spec_path for each in prepared[len(records) :]]
    if left:
        lines.append(f"not launched: {listed(left, MOST_NAMED)}")
    on = [run for run in runs if not run.is_over]
    if on:
        which = " ".join(run.id for run in on)
        each_hour = sum(run_cost.per_hour(run) or 0.0 for run in on)
        rate = f", ${each_hour:.2f}/h" if each_hour else ""
        lines.append(f"still going on{rate}: `gpuspec ps` shows them, `gpuspec down {which}` ends them")
    return lines


def _latest(record: Record) -> Run:
    """The run as it stands in the records: of one that is detached, another process writes it."""
    try:
        return Records().get(record.run.id)
    except UserError:
        return record.run


def _ended(run: Run) -> tuple[str, ...]:
    spent = run_cost.so_far(run)
    cost = "unknown" if spent is None else f"${spent:.2f}"
    return (run.id, run.spec_path, run.state, cost)
