"""Jobs of which no price is known: they run on machines that somebody has, or on a cloud that no file names."""

from functools import cached_property

from gpuspec.catalog import Offer
from gpuspec.catalog.stock import Stock
from gpuspec.planning.case import Case
from gpuspec.planning.price_lists import PriceBook


class UnpricedCase(Case):
    """A case in which nothing can be rented, so that no rule says a price or names a cheaper machine. Commands that
    are asked what it would cost elsewhere (`plan`, `size`) take the case itself."""

    @cached_property
    def price_book(self) -> PriceBook:
        """A book without offers."""
        return PriceBook(self.catalog, Stock())

    @cached_property
    def offers(self) -> tuple[Offer, ...]:
        """None."""
        return ()


def without_prices(case: Case) -> Case:
    """The same job as one of which no price is known."""
    return UnpricedCase(
        case.document,
        settings=case.settings,
        overrides=case.overrides,
        catalog=case.catalog,
        on_disk=case.on_disk,
    )


def is_unpriced(case: Case) -> bool:
    """Whether its file cannot say, or does not, what rents its machine: a pod without a cloud's label, a compose
    file, a batch script. Whoever assumes a GPU (`--assume-gpu`) asks for prices."""
    document = case.document
    return not (document.format.in_spec_fields or document.can_say("clouds") or case.assumed_gpu)
