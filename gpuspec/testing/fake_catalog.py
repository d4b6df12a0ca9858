"""A catalogue made for a test: prices and GPUs of our day do not move its expectations."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from gpuspec.catalog import Gpu, Model, Offer, PriceSource
from gpuspec.plugin.installed_catalog import catalog_instead, installed_catalog


@contextmanager
def fake_catalog(
    *,
    gpus: Iterable[Gpu] | None = None,
    models: Iterable[Model] | None = None,
    offers: Iterable[Offer] | None = None,
    as_of: str | None = "2026-01-01",
) -> Iterator[None]:
    """In the block these are all the GPUs, models and offers there are; None leaves the shipped ones.

    Each `source` that the offers name is a price source of the date `as_of`.
    """
    offers = None if offers is None else tuple(offers)
    names = sorted({offer.source for offer in offers or ()})
    sources = [PriceSource(name, as_of, "a test", rentable=True) for name in names]
    fake = installed_catalog().replace(gpus=gpus, models=models, offers=offers, price_sources=sources)
    with catalog_instead(fake):
        yield
