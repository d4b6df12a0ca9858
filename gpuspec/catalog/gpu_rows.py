"""The rows of SkyPilot's catalogue files that say what a machine with GPUs costs: one a machine type and region."""

from collections import Counter
from collections.abc import Iterable

from gpuspec.catalog.catalogue_rows import Row, amount, cell
from gpuspec.catalog.gcp_rows import with_hosts
from gpuspec.named_tuple import NamedTuple


class GpuRows(NamedTuple):
    """Rows of machines with GPUs, and (reason, rows) of those that are none."""

    rows: list[Row]
    dropped: Counter[str]


def gpu_rows(cloud: str, rows: Iterable[Row]) -> GpuRows:
    """The rows of machines with GPUs, each with the price of the whole machine."""
    if cloud != "gcp":
        return GpuRows(_one_a_region(row for row in rows if cell(row, "AcceleratorName")), Counter())
    joined, dropped = with_hosts(rows)
    return GpuRows(_one_a_region(joined), dropped)


def _one_a_region(rows: Iterable[Row]) -> list[Row]:
    """One row for all zones of a region in which a machine is to be had, at the lowest price of each kind, as that is
    the zone which SkyPilot tries first."""
    merged: dict[tuple[str, ...], dict[str, str | None]] = {}
    for row in rows:
        if not cell(row, "AvailabilityZone"):  # it is of a whole region: a row by itself
            merged[str(len(merged)),] = dict(row)
            continue
        key = tuple(
            cell(row, name) for name in ("InstanceType", "AcceleratorName", "AcceleratorCount", "Region")
        )
        seen = merged.setdefault(key, dict(row))
        for column in ("Price", "SpotPrice"):
            old, new = (amount(each, column) for each in (seen, row))
            if new and (not old or new < old):
                seen[column] = row[column]
    return list(merged.values())
