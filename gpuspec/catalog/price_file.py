"""A price list of one's own: machines one has, or prices one has agreed on, as CSV.

Columns are those of SkyPilot's catalogues, with the cloud in front, in any order:

    Cloud,Region,InstanceType,AcceleratorName,AcceleratorCount,vCPUs,MemoryGiB,Price,SpotPrice
    slurm,,,RTX4090,1,,,0.44,

Cloud, AcceleratorName, AcceleratorCount and one of the prices must be there. Unlike a catalogue's, these prices
are believed as they stand, zero included.
"""

from __future__ import annotations

import errno
import io
from typing import TYPE_CHECKING

from gpuspec.catalog.gpu import Gpu, GpuMatch
from gpuspec.catalog.offer import Offer
from gpuspec.errors import UserError
from gpuspec.numerals import number_of
from gpuspec.untrusted_file import read_file

if TYPE_CHECKING:
    from gpuspec.catalog.gpu_names import GpuNames

LARGEST = 2 * 1024 * 1024
"""Bytes: some 60,000 machines."""
MOST_COLUMNS = 200
_HINT = "the first line names the columns: Cloud, AcceleratorName, AcceleratorCount, Price, …"


def read(path: str, names: GpuNames) -> tuple[Offer, ...]:
    """The offers of a price file; `names` tell which GPUs are meant. UserError `price-file` with the line that is
    wrong."""
    import csv

    try:
        rows = csv.DictReader(io.StringIO(read_file(path, LARGEST).decode("utf-8-sig"), newline=""))
        if len(rows.fieldnames or ()) > MOST_COLUMNS:
            raise UserError("price-file", f"{path} has more than {MOST_COLUMNS} columns", _HINT)
        offers = tuple(_offer(path, at, row, names) for at, row in enumerate(rows, start=2))
    except OSError as error:
        hint = "keep the rows you can rent" if error.errno == errno.EFBIG else _HINT
        raise UserError("price-file", f"{path} cannot be read: {error.strerror}", hint) from None
    except (UnicodeDecodeError, csv.Error) as error:
        raise UserError("price-file", f"{path} cannot be read: {error}", _HINT) from None
    if not offers:
        raise UserError("price-file", f"{path} holds no prices", _HINT)
    return offers


def _least(match: GpuMatch, names: GpuNames) -> Gpu | None:
    """What can be counted on where a name is shared: the smallest of them, without a form factor if possible."""
    meant = (names.by_name.get(name) for name in match.accepts)
    return min(
        (gpu for gpu in meant if gpu), key=lambda gpu: (gpu.vram_gb, not gpu.variants, gpu.name), default=None
    )


def _offer(path: str, line: int, row: dict[str, str | None], names: GpuNames) -> Offer:
    def wrong(why: str) -> UserError:
        return UserError("price-file", f"{path}:{line}: {why}", _HINT)

    # What stands in a line that is too long or too short is no text.
    cells = {column: value.strip() for column, value in row.items() if isinstance(value, str)}

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
