"""The Plan: every offer kept or rejected with its reason, the choice, and the money."""

from typing import TYPE_CHECKING

from gpuspec.catalog import Gpu, Offer
from gpuspec.named_tuple import NamedTuple
from gpuspec.sizing import Fit, Need, Unsized
from gpuspec.words import By

if TYPE_CHECKING:
    from gpuspec.sizing.speed.rates import Unit


class Candidate(NamedTuple):
    """An offer considered. `price` is what would be paid per hour ($, the whole instance; the least bid where
    `only_bid`); `reason` is why it was rejected, "" when kept; `limit` is the limit it broke, in one word (see
    `limits.py`)."""

    offer: Offer
    gpu: Gpu
    price: float
    spot: bool
    fit: Fit | None
    kept: bool
    reason: str
    limit: str = ""
    unit_cost: float | None = None
    """Of a kept one, what its work costs by what the plan compares (`Plan.by`): $/h, $ per million tokens, or $ for
    as much of the job's work as `Plan.unit` says; None where its speed is not known."""
    ranked: float | None = None
    """What it is sorted by: the same, were no more gained by a faster machine than is sure."""

    @property
    def only_bid(self) -> bool:
        """Whether it is auctioned and has no price. It is never kept."""
        return self.offer.price is None and self.offer.spot_price is None

    @property
    def list_price(self) -> float:
        """What launchers know of: everybody's price, $/h, where the settings agreed on another."""
        listed = None if self.spot else self.offer.list_price
        return self.price if listed is None else listed

    @property
    def paid_share(self) -> float:
        """What is paid of each dollar of the list price; 1 where nothing was agreed on."""
        return self.price / self.list_price if self.list_price else 1.0


class Cost(NamedTuple):
    """The worst case of one run on one candidate, in dollars.

    `hours` is the limit it is bounded by (None: no limit was declared, so `total` is None: unbounded)."""

    hours: float | None
    run: float | None
    idle: float
    download: float
    upload: float
    """The wait for what was written to reach the cache's bucket."""
    billing: float
    """What is paid for the rest of a billing step that has begun, or up to the least that is billed."""
    disk: float
    cache: float
    """What another cloud bills for the weights that leave its bucket."""
    total: float | None
    lines: tuple[tuple[str, str], ...]
    """The arithmetic: (what, value)."""
    not_counted: tuple[str, ...]
    """What may be billed on top; its amount is not known."""
    candidate: Candidate


class Plan(NamedTuple):
    """Kept candidates first, by `unit_cost`, then rejected ones. `choice` is None when nothing is kept; else the
    first that keeps the budget, or the first."""

    need: Need | Unsized
    candidates: tuple[Candidate, ...]
    choice: Candidate | None
    cost: Cost | None
    """The worst case: on the candidate that costs the most of all that may be rented, see `rank.launchable`."""
    prices_as_of: str | None
    notes: tuple[str, ...]
    keep_alive_minutes: float = 0
    """The idle minutes that apply: the job's own, or the default of its task; 0 on a machine that is yours."""
    max_hours: float | None = None
    """The time limit that applies: `budget.max_hours`, or what `budget.max_total` pays for."""
    sources: tuple[tuple[str, str | None], ...] = ()
    """(price source, date of its prices) of the offers considered."""
    limits_regions: bool = False
    """Whether the job or the settings say in which regions a machine may be."""
    choice_cost: Cost | None = None
    """The worst case on the choice."""
    by: By = "hour"
    """What kept candidates are ranked by."""
    unit: "Unit | None" = None
    """What the work is counted in; None where no rate is known: then unit costs compare within the plan only."""
    why: str = ""
    """What the choice costs by that and what the cheapest an hour would, in words; why not by what was asked for."""

    @property
    def kept(self) -> tuple[Candidate, ...]:
        """The candidates a launcher may take, in the plan's order."""
        return tuple(candidate for candidate in self.candidates if candidate.kept)
