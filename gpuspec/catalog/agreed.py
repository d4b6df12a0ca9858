"""Prices that were agreed with a cloud, in the place of those it asks of everybody."""

from collections.abc import Collection

from gpuspec.catalog.offer import Offer
from gpuspec.named_tuple import NamedTuple


class AgreedPrices(NamedTuple):
    """What the settings of a folder say of prices, clouds in lower case. On-demand prices alone are changed: nobody
    agrees on what an auction or a spot market asks."""

    discounts: tuple[tuple[str, float], ...] = ()
    """(cloud, share taken off its on-demand prices: 0.32 is 32 %)."""
    committed: tuple[tuple[str, str, float], ...] = ()
    """(cloud, canonical GPU name, $ per GPU and hour): goes before a discount."""
    origin: str = "the settings"
    """The file that says so, for people."""

    def of(self, offer: Offer) -> Offer:
        """The offer at the price agreed on, with its list price and how the one comes from the other."""
        if offer.price is None:
            return offer
        listed = f"list price ${offer.price:.2f}/h"
        for cloud, gpu, rate in self.committed:
            if cloud == offer.cloud and gpu == offer.gpu:
                how = f"committed: ${rate:.2f} per GPU and hour ({self.origin}); {listed}"
                return offer._replace(price=rate * offer.gpu_count, list_price=offer.price, agreed=how)
        for cloud, share in self.discounts:
            if cloud == offer.cloud and share:
                how = f"{listed} less {100 * share:.4g} % ({self.origin})"
                return offer._replace(price=offer.price * (1 - share), list_price=offer.price, agreed=how)
        return offer

    def in_words(self, clouds: Collection[str], gpus: Collection[str] | None = None) -> tuple[str, ...]:
        """What was agreed on with these clouds, a line each: "aws: list price less 32 % (gpuspec.toml)". Committed
        prices only of these GPUs; None: of all."""
        lines = [
            f"{cloud}: list price less {100 * share:.4g} % ({self.origin})"
            for cloud, share in self.discounts
            if cloud in clouds and share
        ]
        rates: dict[str, list[str]] = {}
        for cloud, gpu, rate in self.committed:
            if cloud in clouds and (gpus is None or gpu in gpus):
                rates.setdefault(cloud, []).append(f"{gpu} ${rate:.2f}")
        for cloud, each in rates.items():
            lines.append(f"{cloud}: {', '.join(each)} committed per GPU and hour ({self.origin})")
        return tuple(lines)
