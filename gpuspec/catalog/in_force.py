"""Which prices are in force: those that ship, the user's own, and those that were added."""

from __future__ import annotations

from gpuspec.catalog.offer import Snapshot
from gpuspec.catalog.shipped import PRICES
from gpuspec.catalog.snapshot import load
from gpuspec.errors import UserError


def read_own(snapshot: str | None) -> Snapshot:
    """The user's own snapshot; nothing where there is none. Raises UserError `price-snapshot-broken`."""
    try:
        return load(snapshot) if snapshot else ((), ())
    except FileNotFoundError:
        return (), ()
    except (OSError, ValueError) as error:
        raise UserError(
            "price-snapshot-broken",
            f"your price snapshot {snapshot} cannot be read: {error}",
            "Run `gpuspec prices update` again, or delete the file to use the prices that ship with gpuspec.",
        ) from None


def in_force(own: Snapshot, added: Snapshot = ((), ())) -> Snapshot:
    """What ships, with the user's `own` prices in the place of those for the same cloud, and what was `added` in the
    place of both. Sources are sorted by name."""
    own = without(own, {offer.cloud for offer in added[1]})
    newer = (own[0] + added[0], own[1] + added[1])
    clouds = {offer.cloud for offer in newer[1]}
    lists = (*(without(load(path), clouds) for path in PRICES), newer)
    sources = {source.name: source for known, _ in lists for source in known}
    offers = tuple(offer for _, found in lists for offer in found)
    return tuple(sources[name] for name in sorted(sources)), offers


def without(prices: Snapshot, clouds: set[str]) -> Snapshot:
    """The prices of other clouds than these, and the sources that still have offers."""
    if not clouds:
        return prices
    kept = tuple(offer for offer in prices[1] if offer.cloud not in clouds)
    alive = {offer.source for offer in kept}
    return tuple(source for source in prices[0] if source.name in alive), kept
