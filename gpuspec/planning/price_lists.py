"""The offers in force, read once for all the jobs of a run."""

from functools import cached_property
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gpuspec.catalog import Offer, PriceSource


class PriceLists:
    """What the jobs of one run share: price sources, and the offers of each."""

    def __init__(self) -> None:
        self._offers: dict[tuple[str | None, tuple[str, ...]], tuple[Offer, ...]] = {}

    @cached_property
    def sources(self) -> "tuple[PriceSource, ...]":
        """The price sources in force, by name."""
        from gpuspec.catalog import price_sources

        return price_sources()

    def offers(self, source: str | None, clouds: tuple[str, ...] = ()) -> "tuple[Offer, ...]":
        """Offers of a price source (None: all current ones) on some clouds (empty: all); always the same tuple."""
        key = (source, clouds)
        if key not in self._offers:
            from gpuspec.catalog import offers

            found = offers(source)
            self._offers[key] = tuple(o for o in found if o.cloud in clouds) if clouds else found
        return self._offers[key]
