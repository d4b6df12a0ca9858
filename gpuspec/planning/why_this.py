"""In words, why a plan's choice stands first where another is cheaper an hour."""

from __future__ import annotations

from gpuspec.planning.measure import Measure
from gpuspec.planning.plan import Candidate, Plan
from gpuspec.planning.units import SOLD, unit_price
from gpuspec.words import dollars, figure, percent

NOUN = {"hour": "the hour", "job": "the job", "token": "the million tokens"}


def why_this(measure: Measure, plan: Plan) -> str:
    """What the choice costs by the measure, and what the cheapest machine an hour would; where `--by` asked for a
    measure that a fact is missing for, which. "" where the first is also the cheapest an hour, and nothing else was
    asked for or is worth telling."""
    if measure.missing:
        asked = f", not by {NOUN[measure.asked]}" if measure.asked else ""
        return f"by the hour{asked}: {measure.missing}" if asked else ""
    choice = plan.choice
    if measure.by == "hour" or choice is None:
        return ""
    if choice.unit_cost is None:
        return f"by the hour, not by {NOUN[measure.by]}: the speed of no GPU here is known"
    cheapest = min(plan.kept, key=lambda one: one.price)
    by_unit = measure.by == "token" or measure.unit is not None
    said = [_units(measure, choice, cheapest) if by_unit else _job(choice, cheapest)]
    said += _less_elsewhere(measure, plan, choice)
    unknown = sorted({one.gpu.name for one in plan.kept if one.unit_cost is None})
    if unknown:
        said.append(f"of unknown speed, and so the last of the table: {', '.join(unknown)}")
    return "; ".join(filter(None, said))


def machine(candidate: Candidate) -> str:
    """`L4`, or `2 × L4`."""
    offer = candidate.offer
    return offer.gpu if offer.gpu_count == 1 else f"{offer.gpu_count} × {offer.gpu}"


def _less_elsewhere(measure: Measure, plan: Plan, choice: Candidate) -> list[str]:
    """What costs less for the work and is not the choice, and why not."""
    known = [one for one in plan.kept if one.ranked is not None and one.unit_cost is not None]
    first = min(known, key=lambda one: one.ranked or 0.0)
    if first.ranked != choice.ranked:
        short = measure.falls_short(first.gpu, first.offer.gpu_count)
        return [
            f"{machine(first)} would cost less for it, but {short or 'its worst case is over the budget'}"
        ]
    least = min(known, key=lambda one: one.unit_cost or 0.0)
    if plan.unit and (least.unit_cost or 0.0) < (choice.unit_cost or 0.0):
        price = (
            f"{unit_price(least.unit_cost or 0.0)} is expected of {machine(least)} at {dollars(least.price)}"
        )
        return [f"{price}, which is not surely less"]
    return []


def _units(measure: Measure, choice: Candidate, cheapest: Candidate) -> str:
    assert choice.unit_cost is not None
    per = "million tokens written" if measure.by == "token" else SOLD[measure.unit or "tokens written"].per
    said = f"{unit_price(choice.unit_cost)} per {per}{_load(measure, choice)}"
    if cheapest.price >= choice.price:
        return f"{said}; also the cheapest an hour"
    if cheapest.unit_cost is None:
        return f"{said}; {_hourly(cheapest)}, of unknown speed"
    return f"{said}; {_hourly(cheapest)}, is {unit_price(cheapest.unit_cost)}{_load(measure, cheapest)}"


def _load(measure: Measure, candidate: Candidate) -> str:
    """How a machine is used at this price."""
    found = measure.rate(candidate.gpu, candidate.offer.gpu_count)
    assert found
    if measure.by == "job":
        return f", {found.at_once} at once" if (found.at_once or 1) > 1 else ""
    if measure.traffic is None:
        return f", always busy with {found.at_once} at once"
    many = "1 machine" if found.machines == 1 else f"{figure(found.machines)} machines"
    average = "" if found.machines == int(found.machines) else " on average"
    return f", on {many}{average} for the declared traffic"


def _job(choice: Candidate, cheapest: Candidate) -> str:
    if cheapest.price >= choice.price:
        return ""
    assert choice.unit_cost is not None
    if cheapest.unit_cost is None or not cheapest.price:
        return f"the job costs least on it; {_hourly(cheapest)}, is of unknown speed"
    dearer = choice.price / cheapest.price
    faster = dearer * cheapest.unit_cost / choice.unit_cost
    more = f"about {faster:.1f} times the work an hour for {dearer:.1f} times the price"
    if dearer < 1.095:
        more = f"about {percent(faster - 1)} more work an hour for {percent(dearer - 1)} more"
    return (
        f"{more}; {_hourly(cheapest)}: where the job is short, or waits for something else, that costs less"
    )


def _hourly(cheapest: Candidate) -> str:
    return f"cheapest an hour (--by hour): {machine(cheapest)} at {dollars(cheapest.price)}"
