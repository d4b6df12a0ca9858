"""Fresh prices: SkyPilot's own catalogue files, sanitised, into the user's snapshot. Nothing is half written."""

from __future__ import annotations

import io
import os
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from gpuspec.atomic_write import atomic_write
from gpuspec.catalog.catalog import Catalog
from gpuspec.catalog.clouds import CLOUDS
from gpuspec.catalog.held_back import held_back
from gpuspec.catalog.offer import HeldBack, Offer, PriceSource
from gpuspec.catalog.sanitise import Sanitised, sanitise
from gpuspec.catalog.snapshot import load, parse, render, without
from gpuspec.errors import UserError
from gpuspec.untrusted_file import in_words, read_file

SCHEMA = "v8"
"""Catalogue version that SkyPilot 0.14.1 reads (sky/skylet/constants.py CATALOG_SCHEMA_VERSION)."""
JUMP = 5
"""A price that moved by more than this factor is reported and the old one kept."""
LARGEST = 64 * 1024 * 1024


class Move(NamedTuple):
    """A price that moved more than `JUMP`-fold, $/h. `spot` tells which of the two prices it is."""

    cloud: str
    instance: str
    region: str | None
    spot: bool
    before: float
    after: float


class Refresh(NamedTuple):
    """What an update did. `moves` were not taken unless they were accepted."""

    path: str
    sources: tuple[PriceSource, ...]
    offers: int
    moves: tuple[Move, ...]
    missing: tuple[str, ...]
    """Clouds that were asked for and have no catalogue file."""


def catalogue_folder() -> str:
    """Where SkyPilot keeps its catalogues."""
    return os.path.expanduser(os.path.join("~", ".sky", "catalogs", SCHEMA))


def fetch(clouds: Iterable[str]) -> list[str]:
    """Have the installed SkyPilot fetch the catalogues of these clouds (network); returns what failed.

    Raises UserError `skypilot-missing` when SkyPilot is not installed.
    """
    os.environ.setdefault("SKYPILOT_DISABLE_USAGE_COLLECTION", "1")
    try:
        from sky.catalog import common
    except ImportError:
        raise UserError(
            "skypilot-missing",
            "SkyPilot is not installed, and fresh prices come from its catalogue",
            "Install it with `pip install 'gpuspec[skypilot]'`, then run `gpuspec prices update` again. Until "
            "then gpuspec uses the prices it ships with.",
        ) from None
    failed = []
    for cloud in clouds:
        try:
            # The frame is lazy: asking for its shape is what fetches. A file edited by hand is left alone.
            _ = common.read_catalog(f"{cloud}/vms.csv", pull_frequency_hours=0).shape
        except Exception as error:  # SkyPilot raises whatever its HTTP library does
            failed.append(f"{cloud}: {error}")
    return failed


def update(catalog: Catalog, clouds: Sequence[str], *, today: str, accept_moves: bool = False) -> Refresh:
    """Read SkyPilot's catalogue files, sanitise them and replace the user's snapshot in one step. `catalog` knows the
    GPUs, and the prices that were in force before.

    The snapshot on disk stays as it was when anything is wrong: raises UserError `no-catalogue` (no file for
    any cloud asked for), `prices-nonsense` (a file holds no believable offer, or under half of those that
    were in force before) and `cannot-write`.
    """
    path = catalog.snapshot
    if path is None:
        raise ValueError("this catalogue has no snapshot of the user's own to replace")
    wanted = list(clouds) or sorted(CLOUDS)
    try:
        before = catalog.offers()
    except UserError:  # a broken snapshot is about to be replaced
        before = ()
    read, missing = _read(wanted, catalog)
    for cloud in [
        cloud for cloud, result in read.items() if not (result.offers or result.dropped or result.held)
    ]:
        if not clouds:  # a cloud without GPUs is no reason to refuse all the others
            del read[cloud]
    if not read:
        raise UserError(
            "no-catalogue",
            f"SkyPilot has no catalogue for {', '.join(wanted)} in {catalogue_folder()}",
            "Check the spelling of --cloud, or that SkyPilot can reach its catalogue (`sky show-gpus`).",
        )
    others = [offer for offer in before if offer.cloud not in read]
    fresh = [offer for result in read.values() for offer in result.offers]
    kept, doubted = held_back(fresh, catalog.gpus_by_name, evidence=others)
    for cloud, result in read.items():
        _refuse_nonsense(cloud, result, [o for o in kept if o.cloud == cloud], before)
    offers, moves = _moved(kept, before, accept_moves)
    sources = [
        _source(cloud, result, doubted.get(f"skypilot-{cloud}", ()), today) for cloud, result in read.items()
    ]
    try:
        own = without(load(path), set(read))
    except (OSError, ValueError):  # none yet, or one that is replaced because it is broken
        own = (), ()
    text = render([*own[0], *sources], [*own[1], *offers])
    parse(text)
    _write(path, text)
    return Refresh(path, tuple(sources), len(offers), moves, tuple(missing))


def _read(clouds: list[str], catalog: Catalog) -> tuple[dict[str, Sanitised], list[str]]:
    import csv

    read: dict[str, Sanitised] = {}
    missing: list[str] = []
    for cloud in clouds:
        path = os.path.join(catalogue_folder(), cloud, "vms.csv")
        try:
            text = read_file(path, LARGEST).decode()
            read[cloud] = sanitise(cloud, csv.DictReader(io.StringIO(text, newline="")), catalog)
        except FileNotFoundError:
            missing.append(cloud)
        except (UnicodeDecodeError, csv.Error, OSError) as error:
            raise UserError(
                "prices-nonsense",
                f"{path} cannot be read: {in_words(error)}",
                "Delete it, then let SkyPilot fetch it again.",
            ) from None
    return read, missing


def _refuse_nonsense(cloud: str, result: Sanitised, kept: list[Offer], before: tuple[Offer, ...]) -> None:
    old = {(o.gpu, o.gpu_count) for o in before if o.cloud == cloud}
    new = {(o.gpu, o.gpu_count) for o in kept}
    if not new or len(new) * 2 < len(old):
        reasons = (
            "; ".join(f"{rows} × {reason}" for reason, rows in (*result.dropped, *_counted(result.held)))
            or "the file holds no GPU rows"
        )
        raise UserError(
            "prices-nonsense",
            f"the new prices of {cloud} are not believable: {len(new)} kinds of offer where {len(old)} were known "
            f"({reasons}). Nothing was changed",
            f"Leave {cloud} out with --cloud for the others, or look at "
            f"{os.path.join(catalogue_folder(), cloud, 'vms.csv')}.",
        )


def _counted(held: tuple[HeldBack, ...]) -> list[tuple[str, int]]:
    return list(Counter(each.reason for each in held).items())


def _moved(
    offers: list[Offer], before: tuple[Offer, ...], accept: bool
) -> tuple[list[Offer], tuple[Move, ...]]:
    """Offers with prices that jumped put back to what they were, unless accepted; and the jumps."""
    known = {(o.cloud, o.instance, o.region): o for o in before}
    moves: list[Move] = []
    result = []
    for offer in offers:
        old = known.get((offer.cloud, offer.instance, offer.region))
        for spot in (False, True):
            was, now = (one and (one.spot_price if spot else one.price) for one in (old, offer))
            if was and now and max(was, now) > JUMP * min(was, now):
                moves.append(Move(offer.cloud, offer.instance, offer.region, spot, was, now))
                if not accept:
                    offer = offer._replace(spot_price=was) if spot else offer._replace(price=was)
        result.append(offer)
    return result, tuple(moves)


def _source(cloud: str, result: Sanitised, doubted: tuple[HeldBack, ...], today: str) -> PriceSource:
    name = f"skypilot-{cloud}"
    origin = f"SkyPilot catalog {SCHEMA} {cloud}/vms.csv, read on this machine {today}"
    return PriceSource(
        name,
        today,
        origin,
        rentable=True,
        dropped=result.dropped,
        mended=result.mended,
        held=(*result.held, *doubted),
    )


def _write(path: str, text: str) -> None:
    try:
        os.makedirs(os.path.dirname(path), exist_ok=True)
        atomic_write(path, text.encode())
    except OSError as error:
        raise UserError(
            "cannot-write",
            f"prices cannot be written to {path}: {error}",
            "Set GPUSPEC_DATA_DIR to a folder of yours.",
        ) from None
