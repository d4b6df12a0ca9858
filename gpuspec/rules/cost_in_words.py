"""What the work costs on two machines, in words: per unit where that is known, else by the hour."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gpuspec.lint import Facts, Saving
from gpuspec.planning.alternatives import Alternative
from gpuspec.words import dollars, figure, percent

if TYPE_CHECKING:
    from gpuspec.planning.bill import SavingKind
    from gpuspec.planning.compare import Compared


def saving(current: Alternative, found: Compared, kind: SavingKind = "machine") -> Saving:
    """Dollars for each hour that the present machine would have run."""
    now, _ = found.machines
    other = (found.machine.gpu.name, found.machine.gpu_count) if kind == "machine" else None
    return Saving(current.per_hour * now * found.waste, kind=kind, share=found.waste, machine=other)


def both_prices(facts: Facts, current: Alternative, found: Compared) -> str:
    """`A100 80GB at $1.39/h writes 1,150 tokens/s: $0.34 per million tokens; L40S at $0.79/h does 820/s: $0.27 (20 %
    less)`. Where the job is paid by the hour, or nothing more is known, the share is that of the hour, as is said."""
    return f"{here(facts, current, found)}; {there(facts, current, found)}"


def here(facts: Facts, current: Alternative, found: Compared) -> str:
    """`A100 80GB at $1.39/h writes 1,150 tokens/s: $0.34 per million tokens`."""
    said = _machines(current, found.machines[0])
    if found.now is None:
        return said
    from gpuspec.planning.units import SOLD, an_hour, does, unit_price

    sold = SOLD[found.now.unit]
    many = f" to {found.at_once[0]} at once" if found.at_once and found.at_once[0] > 1 else ""
    if facts.workload.task == "interactive":  # which waits for people most of the time
        return f"{said} {does(found.now)}{many}"
    cost = current.per_hour / an_hour(found.now)
    return f"{said} {does(found.now)}{many}: {unit_price(cost)} per {sold.per}"


def there(facts: Facts, current: Alternative, found: Compared) -> str:
    """`L40S at $0.79/h writes 820: $0.27 (20 % less)`."""
    one = found.machine
    said = _machines(one, found.machines[1])
    paid = facts.market.measure.paid
    hour = " an hour" * (paid == "hour") or " for the declared traffic" * (paid == "token")
    less = f"{percent(found.waste)} less"
    if found.then is None:
        sheets = ""
        if found.speed is not None:
            sheets = f", by the data sheets {_slower(found.speed)}"
        if found.cost != one.per_hour / current.per_hour:
            return f"{said}{sheets}: {less} for the work"
        return f"{said}: {less} an hour; its speed is not known{sheets}"
    from gpuspec.planning.units import an_hour, unit_price

    rate, cost = figure(found.then.per_second.expected), one.per_hour / an_hour(found.then)
    many = f" to {found.at_once[1]}" if found.at_once and found.at_once[1] != found.at_once[0] else ""
    if facts.workload.task == "interactive":
        return f"{said} does {rate}/s{many} ({less}{hour})"
    return f"{said} does {rate}/s{many}: {unit_price(cost)} ({less}{hour})"


def slower(current: Alternative, found: Compared) -> str:
    """` for the work (60 % of the speed)`, ` an hour (…)`: of what the share is that costs less."""
    if found.speed is None:
        return " an hour (its speed is not known)"
    sheets = "" if found.now else "by the data sheets "
    hourly = found.cost == found.machine.per_hour / current.per_hour
    return f" {'an hour' if hourly else 'for the work'} ({sheets}{_slower(found.speed)})"


def _slower(speed: float) -> str:
    if speed >= 0.995:
        return "as fast" if speed < 1.05 else f"{speed:.1f} times as fast"
    return f"{percent(speed)} of the speed"


def _machines(one: Alternative, number: float) -> str:
    """`L40S at $0.79/h`, `9 × (L40S at $0.79/h), each`: what one of them does may follow."""
    price = f"at {dollars(one.per_hour)}/h"
    return f"{one.label} {price}" if number == 1 else f"{figure(number)} × ({one.label} {price}), each"
