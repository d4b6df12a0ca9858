"""A price list in a file: machines one has and prices one has agreed on, as CSV, or the prices that a team has in
common, as `gpuspec prices export` writes them (`snapshot.py`). The first line tells which it is.

The columns of a CSV file are those of SkyPilot's catalogues, with the cloud in front, in any order:

    Cloud,Region,InstanceType,AcceleratorName,AcceleratorCount,vCPUs,MemoryGiB,Price,SpotPrice
    slurm,,,RTX4090,1,,,0.44,

Cloud, AcceleratorName, AcceleratorCount and one of the prices must be there. Unlike a catalogue's, these prices
are believed as they stand, zero included.
"""

from __future__ import annotations

import errno
import io
import os
from collections.abc import Hashable
from typing import TYPE_CHECKING, Any

from gpuspec.catalog.file_state import state_of
from gpuspec.catalog.gpu import Gpu, GpuMatch
from gpuspec.catalog.offer import Offer, PriceSource, Snapshot
from gpuspec.errors import UserError
from gpuspec.numerals import number_of
from gpuspec.untrusted_file import in_words, read_file

if TYPE_CHECKING:
    from gpuspec.catalog.gpu_names import GpuNames

LARGEST = 2 * 1024 * 1024
"""Bytes of a CSV file: some 60,000 machines."""
MOST_COLUMNS = 200
_NEEDED = ("Cloud", "AcceleratorName", "AcceleratorCount")
_HINT = "the first line names the columns: Cloud, AcceleratorName, AcceleratorCount, Price, …"

_COMMA = 'a comma inside a cell divides it: write 0.10, not 0,10, and "Ohio, US" in quotes'


def names_a_file(source: str) -> bool:
    """Whether what stands for a price source is the path of a file."""
    return source.lower().endswith((".csv", ".tsv")) or "/" in source or os.sep in source


def prices_in_file(path: str, kept: dict[Hashable, Any], names: GpuNames) -> Snapshot:
    """As `read`, which is asked again when the file has changed; `kept` holds what it said."""
    state, key = state_of(path), ("price file", path)
    if key not in kept or kept[key][0] != state:
        kept[key] = (state, read(path, names))
    found: Snapshot = kept[key][1]
    return found


def read(path: str, names: GpuNames) -> Snapshot:
    """The prices of a file, and whose they are; `names` tell which GPUs are meant. UserError `price-file` with the
    line that is wrong."""
    from gpuspec.catalog.snapshot import LARGEST as LARGEST_SNAPSHOT

    try:
        text = read_file(path, LARGEST_SNAPSHOT).decode("utf-8-sig")
        if not text.startswith("# gpuspec prices"):
            return _read_csv(path, text, names)
        sources, offers = _exported(path, text)
        sources = tuple(source for source in sources if source.rentable)
        rentable = {source.name for source in sources}
        # Another version of gpuspec, or a plugin that is not here, may have named other GPUs.
        offers = tuple(each for each in offers if each.source in rentable and each.gpu in names.by_name)
    except UnicodeDecodeError:
        hint = "save it as CSV with the encoding UTF-8"
        raise UserError("price-file", f"{path} cannot be read: it is no text in UTF-8", hint) from None
    except (OSError, ValueError) as error:
        hint = "keep the rows you can rent" if getattr(error, "errno", 0) == errno.EFBIG else _HINT
        raise UserError("price-file", f"{path} cannot be read: {in_words(error)}", hint) from None
    if not offers:
        raise UserError(
            "price-file", f"{path} holds no prices", "`gpuspec prices export` writes such a file."
        )
    return sources, offers


def _exported(path: str, text: str) -> Snapshot:
    from gpuspec.catalog.snapshot import parse

    try:
        return parse(text)
    except ValueError as error:
        hint = "`gpuspec prices export`, of this version of gpuspec, writes such a file"
        raise UserError("price-file", f"{path} cannot be read: {error}", hint) from None


def _read_csv(path: str, text: str, names: GpuNames) -> Snapshot:
    import csv

    if len(text) > LARGEST:
        raise OSError(errno.EFBIG, f"it is larger than {LARGEST >> 20} MiB")
    try:
        rows = csv.DictReader(io.StringIO(text, newline=""))
        _check_columns(path, list(rows.fieldnames or ()), text.split("\n", 1)[0])
        offers = tuple(_offer(path, rows.line_num, row, names) for row in rows)
    except csv.Error as error:
        raise UserError("price-file", f"{path} cannot be read: {error}", _HINT) from None
    if not offers:
        raise UserError("price-file", f"{path} holds no prices", _HINT)
    return (PriceSource(path, None, "a price list of your own", rentable=True),), offers


def _check_columns(path: str, columns: list[str], line: str) -> None:
    """UserError where the first line does not say which column is which."""

    def wrong(why: str, hint: str = _HINT) -> UserError:
        return UserError("price-file", f"{path}:1: {why}", hint)

    if len(columns) > MOST_COLUMNS:
        raise UserError("price-file", f"{path} has more than {MOST_COLUMNS} columns", _HINT)
    twice = next((name for at, name in enumerate(columns) if name and name in columns[:at]), None)
    if twice:
        raise wrong(f"two columns are called {twice[:60]!r}", "give each column once")
    if not columns or set(_NEEDED) <= set(columns):
        return
    missing = next(name for name in _NEEDED if name not in columns)
    for separator, called in ((";", "semicolons"), ("\t", "tabs")):
        if len(columns) == 1 and separator in line:
            told = f"no column {missing}: the columns are separated by {called}"
            raise wrong(told, "save it with commas between the columns, and a point in 0.10")
    near = next((name for name in columns if name.strip().lower() == missing.lower()), None)
    raise wrong(f"no column {missing}" + (f"; {near.strip()!r} is written {missing}" if near else ""))


def _least(match: GpuMatch, names: GpuNames) -> Gpu | None:
    """What can be counted on where a name is shared: the smallest of them, without a form factor if possible."""
    meant = (names.by_name.get(name) for name in match.accepts)
    return min(
        (gpu for gpu in meant if gpu), key=lambda gpu: (gpu.vram_gb, not gpu.variants, gpu.name), default=None
    )


def _offer(path: str, line: int, row: dict[str | None, Any], names: GpuNames) -> Offer:
    def wrong(why: str, hint: str = _HINT) -> UserError:
        return UserError("price-file", f"{path}:{line}: {why}", hint)

    if any(cell.strip() for cell in row.get(None) or ()):
        hint = 'a comma inside a cell divides it: write 0.10, not 0,10, and "Ohio, US" in quotes'
        raise wrong("more cells than the first line names columns", hint)
    # A line that is too short has no text in the last columns.
    cells = {column: value.strip() for column, value in row.items() if column and isinstance(value, str)}

    def number(column: str) -> float | None:
        cell = cells.get(column)
        if not cell:
            return None
        value = number_of(cell)
        if value is None:
            raise wrong(f"{column} is {cell[:60]!r}, not a number")
        if not 0 <= value < 1e9:
            raise wrong(f"{column} is {cell[:60]}, which is below zero or beyond belief")
        return value

    cloud, accelerator = cells.get("Cloud"), cells.get("AcceleratorName", "")
    if not cloud:
        raise wrong("no Cloud")
    match = names.resolve(accelerator)
    gpu = match.gpu or _least(match, names)
    if gpu is None:
        near = f"; did you mean {match.suggestions[0]}?" if match.suggestions else ""
        raise wrong(f"nobody knows a GPU called {accelerator!r}{near}")
    gpu_count = number("AcceleratorCount")
    if not gpu_count or gpu_count != int(gpu_count):
        raise wrong("AcceleratorCount is not a whole number of GPUs")
    price, spot_price = number("Price"), number("SpotPrice")
    if price is None and spot_price is None:
        raise wrong("neither Price nor SpotPrice")
    if price is not None and spot_price is not None and spot_price > price:
        raise wrong(f"SpotPrice, {spot_price:g}, is more than Price, {price:g}", _COMMA)
    return Offer(
        cloud=cloud.lower(),
        region=cells.get("Region") or None,
        instance=cells.get("InstanceType", ""),
        gpu=gpu.name,
        gpu_count=int(gpu_count),
        vcpus=number("vCPUs"),
        ram_gib=number("MemoryGiB"),
        disk_gb=number("StorageGiB"),
        price=price,
        spot_price=spot_price,
        source=path,
        accelerator=accelerator,
    )
