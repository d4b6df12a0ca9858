"""Jobs of which no price is known: they run on machines that somebody has, or on a cloud that no file names."""

from functools import cached_property

from gpuspec.catalog import Offer
from gpuspec.catalog.price_file import names_a_file
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

    priced: Case
    """The same job at the prices of all lists."""

    @cached_property
    def listed(self) -> Case:
        """The same job at the prices of all lists: what machines cost beside each other, though not to whom."""
        self.priced.steps, self.priced.workload = self.steps, self.workload
        return self.priced

    @cached_property
    def offers(self) -> tuple[Offer, ...]:
        """None."""
        return ()


def without_prices(case: Case) -> Case:
    """The same job as one of which no price is known."""
    other = UnpricedCase(
        case.document,
        settings=case.settings,
        overrides=case.overrides,
        catalog=case.catalog,
        on_disk=case.on_disk,
    )
    other.priced = case
    other.shared = case.shared.setdefault(UnpricedCase, {})  # markets of its own
    return other


def is_unpriced(case: Case) -> bool:
    """Whether its file cannot say, or does not, what rents its machine: a pod without a cloud's label, a compose
    file, a batch script. Whoever assumes a GPU (`--assume-gpu`) asks for prices, and so does who says in settings or
    by `--cloud` where the jobs of a folder are rented, or has prices of one's own."""
    document = case.document
    if document.format.in_spec_fields or document.can_say("clouds") or case.assumed_gpu or case.clouds:
        return False
    return not (case.prices and names_a_file(case.prices))


def at_all_prices(case: Case) -> Case | None:
    """The job at the prices of all lists, where its file does not tell what rents its machine, or no list has the
    machine on the cloud that it names; None where its price is known."""
    if isinstance(case, UnpricedCase):
        return case.listed
    if case.job.deployment is None or any(one.price for one in case.choices):
        return None
    return case.instead(job=case.job._replace(clouds=(), regions=()))
