"""Fresh prices: SkyPilot's own catalogue files, sanitised, into the user's snapshot. Nothing is half written."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Mapping, Sequence

from gpuspec.atomic_write import alone, atomic_write
from gpuspec.catalog.catalog import Catalog
from gpuspec.catalog.catalogue_rows import read_rows
from gpuspec.catalog.gpu_rows import gpu_rows
from gpuspec.catalog.held_back import held_back
from gpuspec.catalog.offer import HeldBack, Offer, PriceSource, Snapshot
from gpuspec.catalog.sanitise import Sanitised, sanitise
from gpuspec.catalog.skypilot_files import LARGEST, SCHEMA, CatalogueFile, CatalogueFiles
from gpuspec.catalog.snapshot import load, parse, render, without
from gpuspec.errors import UserError
from gpuspec.named_tuple import NamedTuple
from gpuspec.untrusted_file import in_words, read_file

JUMP = 5
"""A price that moved by more than this factor is reported and the old one kept."""


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
    refused: Mapping[str, str]
    """Clouds that keep the prices they had, and why."""


def update(catalog: Catalog, files: CatalogueFiles, *, accept_moves: bool = False) -> Refresh:
    """Sanitise SkyPilot's catalogue files and put their prices into the user's snapshot in one step. `catalog` knows
    the GPUs, and the prices that were in force before.

    A cloud whose file cannot be read, or is not believable, keeps the prices it had: one without a believable offer,
    or with under half of the GPUs that were known there before; the latter is believed with `accept_moves`. Raises
    UserError `no-catalogue` or `prices-nonsense` where that is so of every cloud, and `cannot-write`: then the
    snapshot on disk is as it was.
    """
    path = catalog.snapshot
    if path is None:
        raise ValueError("this catalogue has no snapshot of the user's own to replace")
    try:
        before = catalog.offers()
    except UserError:  # a broken snapshot is about to be replaced
        before = ()
    read, refused = _read(files, catalog)
    kept, held = held_back(
        (offer for result in read.values() for offer in result.offers),
        catalog.gpus_by_name,
        evidence=[offer for offer in before if offer.cloud not in read],
    )
    for cloud, result in list(read.items()):
        doubt = _doubt(
            result,
            [o for o in kept if o.cloud == cloud],
            [o for o in before if o.cloud == cloud],
            accept_moves,
        )
        if doubt:
            refused[cloud] = doubt
            del read[cloud]
    if not read:
        raise _nothing_taken(refused, fetched=bool(files.found))
    offers, moves = _moved([offer for offer in kept if offer.cloud in read], before, accept_moves)
    sources = [_source(file, read[file.cloud], held) for file in files.found if file.cloud in read]
    _replace(path, set(read), (tuple(sources), tuple(offers)))
    return Refresh(path, tuple(sources), len(offers), moves, refused)


def _read(files: CatalogueFiles, catalog: Catalog) -> tuple[dict[str, Sanitised], dict[str, str]]:
    """What each file holds; and why others hold nothing that can be read."""
    read: dict[str, Sanitised] = {}
    refused = dict(files.failed)
    for file in files.found:
        try:
            rows = gpu_rows(file.cloud, read_rows(read_file(file.path, LARGEST)))
            found = sanitise(file.cloud, rows.rows, catalog)
        except (OSError, ValueError) as error:
            refused[file.cloud] = f"what is there is no price list: {in_words(error)}"
            continue
        dropped = tuple(sorted((*found.dropped, *rows.dropped.items())))
        read[file.cloud] = found._replace(dropped=dropped)
    return read, refused


def _doubt(result: Sanitised, kept: Sequence[Offer], before: Sequence[Offer], accept: bool) -> str:
    """Why the new prices of a cloud are not believed as a whole; "" where they are."""
    new, old = ({(offer.gpu, offer.gpu_count) for offer in offers} for offers in (kept, before))
    if not new:
        counted = (*result.dropped, *Counter(each.reason for each in result.held).items())
        reasons = "; ".join(f"{rows} × {reason}" for reason, rows in counted)
        return f"no row of it is a believable price ({reasons})" if reasons else "it holds no rows of GPUs"
    if len(new) * 2 < len(old) and not accept:
        return f"it has {len(new)} GPUs × counts, and {len(old)} were known before (--accept-moves takes it)"
    return ""


def _nothing_taken(refused: Mapping[str, str], *, fetched: bool) -> UserError:
    reasons = "; ".join(f"{', '.join(clouds)}: {why}" for why, clouds in by_reason(refused).items())
    if not fetched:
        hint = "Check the spelling of --cloud, and that SkyPilot reaches its catalogue (`sky show-gpus`)."
        return UserError("no-catalogue", f"no price list was had, and nothing was changed: {reasons}", hint)
    hint = "The prices that were in force still are. Try again later, or name other clouds with --cloud."
    return UserError(
        "prices-nonsense", f"no new prices are believable, and nothing was changed: {reasons}", hint
    )


def by_reason(refused: Mapping[str, str]) -> dict[str, list[str]]:
    """Reason → the clouds that it is true of."""
    found: dict[str, list[str]] = {}
    for cloud, why in sorted(refused.items()):
        found.setdefault(why, []).append(cloud)
    return found


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


def _source(file: CatalogueFile, result: Sanitised, held: Mapping[str, tuple[HeldBack, ...]]) -> PriceSource:
    name = f"skypilot-{file.cloud}"
    how = "written by hand on this machine" if file.by_hand else f"fetched {file.fetched}"
    return PriceSource(
        name,
        None,
        f"SkyPilot catalog {SCHEMA} {file.cloud}/vms.csv, {how}",
        rentable=True,
        copied=file.fetched,
        dropped=result.dropped,
        mended=result.mended,
        held=(*result.held, *held.get(name, ())),
    )


def _replace(path: str, clouds: set[str], prices: Snapshot) -> None:
    """Put the prices of these clouds into the snapshot, in the place of those it has."""
    try:
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with alone(path):  # another update may run
            try:
                own = without(load(path), clouds)
            except (OSError, ValueError):  # none yet, or one that is replaced because it is broken
                own = (), ()
            text = render([*own[0], *prices[0]], [*own[1], *prices[1]])
            parse(text)
            atomic_write(path, text.encode())
    except OSError as error:
        raise UserError(
            "cannot-write",
            f"prices cannot be written to {path}: {error}",
            "Set GPUSPEC_DATA_DIR to a folder of yours.",
        ) from None
