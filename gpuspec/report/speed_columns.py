"""How fast machines work and what that costs, as columns: tokens of each user, images a minute, …"""

from collections.abc import Callable, Sequence

from gpuspec.named_tuple import NamedTuple
from gpuspec.planning.machines import PricedMachine
from gpuspec.report.ranked_columns import Column
from gpuspec.sizing.speed.rates import Range, Unit


class Shown(NamedTuple):
    """How work of a unit is shown: the title of its speed, in so many seconds; the title of its cost, of so many
    units; and that in words."""

    speed: str
    seconds: float
    cost: str
    units: float
    words: str


UNITS: dict[Unit, Shown] = {
    "tokens written": Shown("tokens/s", 1, "$/M", 1e6, "a million tokens written"),
    "tokens trained": Shown("tokens/s", 1, "$/M", 1e6, "a million tokens trained on"),
    "images": Shown("images/min", 60, "$/1,000", 1e3, "a thousand images"),
    "images trained": Shown("images/min", 60, "$/1,000", 1e3, "a thousand images trained on"),
    "seconds of video": Shown("video s/h", 3600, "$/min", 60, "a minute of video"),
    "seconds of sound": Shown("× real time", 1, "$/h sound", 3600, "an hour of sound"),
    "texts": Shown("texts/s", 1, "$/M texts", 1e6, "a million texts"),
}


def shown_as(rows: Sequence[PricedMachine]) -> Shown:
    """How the work of these machines is shown."""
    done = next((one.done for one in rows if one.done), None)
    return UNITS[done.unit if done else "tokens written"]


def speed_columns(
    rows: Sequence[PricedMachine | None], *, ranges: bool, ranks: tuple[int, int, int]
) -> list[Column]:
    """Speed, seconds to the first token, and cost; `ranks` as `Column` has them."""
    shown = shown_as([one for one in rows if one])
    speed, first, cost = ranks
    return [
        Column(shown.speed, [_speed(one, shown, ranges) for one in rows], speed),
        Column("1st token", [_seconds(one.ttft if one else None, ranges) for one in rows], first),
        Column(shown.cost, [_cost(one, shown, ranges) for one in rows], cost),
    ]


def _speed(one: PricedMachine | None, shown: Shown, ranges: bool) -> str:
    if one is None:
        return ""
    speed = one.done.per_second.times(shown.seconds) if one.done else one.each
    return _written(speed, ranges, lambda value: f"{value:,.0f}" if value >= 9.5 else f"{value:.1f}")


def _cost(one: PricedMachine | None, shown: Shown, ranges: bool) -> str:
    cost = one.per_unit.times(shown.units) if one and one.per_unit else None
    return _written(cost, ranges, lambda value: f"{value:,.0f}" if value >= 99.5 else f"{value:.2f}")


def _seconds(value: Range | None, ranges: bool) -> str:
    text = _written(value, ranges, _second)
    return f"{text} s" if text else ""


def _second(value: float) -> str:
    return f"{value:,.0f}" if value >= 9.5 else f"{value:.1f}" if value >= 0.1 else f"{value:.2f}"


def _written(value: Range | None, ranges: bool, number: Callable[[float], str]) -> str:
    """A range, or what is expected; "" where it is not known."""
    if value is None:
        return ""
    low, high = number(value.low), number(value.high)
    return f"{low}–{high}" if ranges and low != high else number(value.expected)
