"""Units of work as people pay for them, and in which words."""

from gpuspec.named_tuple import NamedTuple
from gpuspec.sizing.speed.rates import Unit, WorkRate
from gpuspec.words import dollars, figure


class Sold(NamedTuple):
    """`amount` of the unit are what a price is named for, as `per` says; `column` heads a table of such prices;
    `does` is what a machine does, with `{}` for how many a second."""

    amount: float
    per: str
    column: str
    does: str


SOLD: dict[Unit, Sold] = {
    "tokens written": Sold(1e6, "million tokens", "$/M tok", "writes {} tokens/s"),
    "tokens trained": Sold(1e6, "million tokens", "$/M tok", "trains {} tokens/s"),
    "images": Sold(1e3, "1,000 images", "$/1k img", "makes {} images/s"),
    "images trained": Sold(1e3, "1,000 images", "$/1k img", "trains on {} images/s"),
    "seconds of video": Sold(60, "minute of video", "$/min", "makes {} s of video a second"),
    "seconds of sound": Sold(3600, "hour of sound", "$/h snd", "works off {} s of sound a second"),
    "texts": Sold(1e6, "million texts", "$/M txt", "reads {} texts/s"),
}


def an_hour(rate: WorkRate) -> float:
    """How much a machine does in an hour, in what a price is named for."""
    return rate.per_second.expected * 3600 / SOLD[rate.unit].amount


def does(rate: WorkRate) -> str:
    """`writes 1,150 tokens/s`."""
    return SOLD[rate.unit].does.format(figure(rate.per_second.expected))


def unit_price(cost: float) -> str:
    """`$0.41`, `$0.0042`: dollars per million tokens may be fractions of a cent."""
    return dollars(cost) if cost >= 0.095 or cost == 0 else f"${figure(cost, 2)}"
