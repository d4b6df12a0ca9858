"""GCP's rows in SkyPilot's catalogue. A machine stands there without its GPUs, and the GPUs without a machine: either
price alone is a fraction of what is paid.

    a2-highgpu-1g,12.0,85.0,,,,us-central1,us-central1-a,0.73948,0.36975
    ,,,A100,1.0,…,us-central1,us-central1-a,2.93391,1.55827

They are put together here as SkyPilot does when it rents (sky/catalog/gcp_catalog.py of 0.14.1, read 2026-11-30).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from gpuspec.catalog.catalogue_rows import Row, amount, cell
from gpuspec.catalog.row_gpu import NO_GPU
from gpuspec.numerals import small_number

_OWN = {
    "a2-highgpu": "A100",
    "a2-megagpu": "A100",
    "a2-ultragpu": "A100-80GB",
    "a3-highgpu": "H100",
    "a3-megagpu": "H100-MEGA",
    "a3-ultragpu": "H200",
    "a4-highgpu": "B200",
    "g2-standard": "L4",
    "g4-standard": "RTXPRO6000",
}
"""Family of machine types that come with GPUs → which."""
_G2 = {4: 1, 8: 1, 12: 1, 16: 1, 32: 1, 24: 2, 48: 4, 96: 8}
_G4 = {48: 1, 96: 2, 192: 4, 384: 8}
"""vCPUs → GPUs of the families whose names count vCPUs; those of the others end in "-4g" for 4 GPUs."""
_VCPUS = {
    "K80": {1: 4, 2: 8, 4: 16, 8: 32},
    "T4": {1: 4, 2: 8, 4: 48},
    "P4": {1: 8, 2: 16, 4: 32},
    "P100": {1: 8, 2: 16, 4: 32},
    "V100": {1: 8, 2: 16, 4: 32, 8: 64},
}
"""GPU that is attached to a machine of the N1 family → how many → vCPUs that SkyPilot asks for with them."""
_GIB_PER_VCPU = 4


def with_hosts(rows: Iterable[Row]) -> tuple[list[Row], Counter[str]]:
    """Machines with their GPUs, one row each in every zone; and (reason, rows) of GPUs that no machine has."""
    gpus: list[Row] = []
    hosts: dict[tuple[str, int, str], list[Row]] = {}
    n1: dict[str, list[Row]] = {}
    dropped: Counter[str] = Counter()
    for row in rows:
        machine, accelerator, zone = (
            cell(row, name) for name in ("InstanceType", "AcceleratorName", "AvailabilityZone")
        )
        if accelerator.startswith("tpu-"):
            dropped[NO_GPU] += 1
        elif accelerator:
            gpus.append(row)
        elif machine.startswith("n1-"):
            n1.setdefault(zone, []).append(row)
        elif comes_with := _comes_with(machine):
            hosts.setdefault((*comes_with, zone), []).append(row)
    joined: list[Row] = []
    for gpu in gpus:
        name, zone, counted = (
            cell(gpu, "AcceleratorName"),
            cell(gpu, "AvailabilityZone"),
            amount(gpu, "AcceleratorCount"),
        )
        number = int(counted) if counted and counted < 100 else 0
        fitting = hosts.get((name, number, zone)) or _least_n1(
            n1.get(zone, ()), _VCPUS.get(name, {}).get(number)
        )
        joined += (_together(gpu, host) for host in fitting)
        if not fitting:
            dropped["a GPU whose machine has no price in its zone"] += 1
    return joined, dropped


def _comes_with(machine: str) -> tuple[str, int] | None:
    """(GPU, how many) that a machine type comes with."""
    family, _, size = machine.rpartition("-")
    if family not in _OWN:
        return None
    number = small_number(size.removesuffix("g")) or 0
    number = {"g2-standard": _G2, "g4-standard": _G4}[family].get(number, 0) if family[0] == "g" else number
    return (_OWN[family], number) if number else None


def _least_n1(machines: Iterable[Row], vcpus: int | None) -> list[Row]:
    """The cheapest with so many vCPUs and memory to match; none where it is not known how many are asked for."""
    able = [
        row
        for row in machines
        if vcpus
        and (amount(row, "vCPUs") or 0) >= vcpus
        and (amount(row, "MemoryGiB") or 0) >= vcpus * _GIB_PER_VCPU
        and amount(row, "Price")
    ]
    return [min(able, key=lambda row: (amount(row, "Price") or 0, cell(row, "InstanceType")))] if able else []


def _together(gpu: Row, host: Row) -> Row:
    """One row of a machine and its GPUs; a price that either lacks, it lacks."""
    row = {**gpu, **{name: host.get(name) for name in ("InstanceType", "vCPUs", "MemoryGiB")}}
    for column in ("Price", "SpotPrice"):
        parts = (amount(gpu, column), amount(host, column))
        row[column] = f"{sum(each or 0 for each in parts):.6f}" if None not in parts else ""
    return row
