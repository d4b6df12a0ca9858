"""AWS, Azure and GCP: rows of hyperscalers.csv, which price instance types, and what these are by data/instances.tsv.

The file holds what the Karpenter providers of the three clouds keep: prices on demand, and those of GCP for spot too.
A type that is no offer of whole GPUs is dropped, and counted with the reason. A type whose GPU SkyPilot 0.14.1 has no
name for goes to a list of its own, and nothing is rented from that: asked for such a type without its GPU, SkyPilot
starts it with an image for CPUs, without the driver."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path

from gpuspec.catalog import Catalog
from gpuspec.catalog.instance import SPOT_ONLY, Instance
from gpuspec.catalog.offer import Offer
from gpuspec.catalog.sanitise import Sanitised
from tools.prices.listing import Listing, listing, read_csv

COPIED = "2026-11-29"
ORIGINS = {
    "aws": "AWS price list of us-east-1, as aws/karpenter-provider-aws @1d92708 keeps it",
    "azure": "Azure retail prices, as Azure/karpenter-provider-azure @352646f keeps them",
    "gcp": "GCP prices on demand and spot, as cloudpilot-ai/karpenter-provider-gcp @417f047 keeps them",
}
NAMES: Mapping[str, Mapping[str, str]] = {
    "aws": {
        "V100 SXM2 16GB": "V100", "V100 SXM2 32GB": "V100-32GB", "A100 40GB SXM4": "A100",
        "A100 80GB SXM4": "A100-80GB", "H100 SXM": "H100", "H200 SXM": "H200", "B200": "B200", "B300": "B300",
        "T4": "T4", "T4g": "T4g", "Radeon Pro V520": "Radeon Pro V520", "A10G": "A10G", "L4": "L4", "L40S": "L40S",
        "RTX PRO 6000 Blackwell Server": "RTXPRO6000",
    },
    "azure": {
        "V100 SXM2 32GB": "V100-32GB", "T4": "T4", "A10": "A10", "A100 40GB SXM4": "A100",
        "A100 80GB PCIe": "A100-80GB", "A100 80GB SXM4": "A100-80GB", "H100 NVL": "H100", "H100 SXM": "H100",
    },
    "gcp": {
        "A100 40GB SXM4": "A100", "A100 80GB SXM4": "A100-80GB", "L4": "L4", "H100 SXM": "H100",
        "RTX PRO 6000 Blackwell Server": "RTXPRO6000",
    },
}  # fmt: skip
"""cloud → GPU → what SkyPilot calls it there. Sources: skypilot 0.14.1 fetch_aws.py (EC2's names, some corrected),
FAMILY_NAME_TO_SKYPILOT_GPU_NAME of fetch_azure.py, _ACC_INSTANCE_TYPE_DICTS of gcp_catalog.py; and
catalogs/v8/common/accelerators.csv, read 2026-11-29."""
OTHER_NAMES: Mapping[str, str] = {"a3-megagpu-8g": "H100-MEGA", "Standard_NCC40ads_H100_v5": ""}
"""Instance type → its GPU's name, where it differs; "" where SkyPilot has none (confidential machines)."""


def listings(folder: Path, catalog: Catalog) -> list[Listing]:
    """For each cloud its offers, then the prices of what SkyPilot cannot ask for, where there are any."""
    rows = read_csv(folder / "hyperscalers.csv")
    found: list[Listing] = []
    for cloud in ORIGINS:
        found += _of_cloud(cloud, [row for row in rows if row["Cloud"] == cloud], catalog)
    return found


def _of_cloud(cloud: str, rows: Iterable[Mapping[str, str]], catalog: Catalog) -> list[Listing]:
    """Raises ValueError where the prices are of several days."""
    dropped: Counter[str] = Counter()
    mended: Counter[str] = Counter()
    offers: list[Offer] = []
    days = set()
    for row in rows:
        days.add(row["Date"])
        instance = catalog.instances.get(row["InstanceType"].lower())
        refusal = _refusal(instance, catalog)
        if refusal or instance is None:
            dropped[refusal] += 1
            continue
        if instance.spot_only and row["Price"]:
            mended[SPOT_ONLY] += 1
        offers.append(_offer(row, instance))
    if len(days) > 1:
        raise ValueError(f"prices of {cloud} are of several days: {', '.join(sorted(days))}")
    (day,) = days
    askable = tuple(offer for offer in offers if offer.accelerator)
    others = tuple(offer for offer in offers if not offer.accelerator)
    name, origin = f"karpenter-{cloud}", ORIGINS[cloud]
    rented = Sanitised(askable, tuple(sorted(dropped.items())), tuple(sorted(mended.items())))
    found = [listing(name, rented, origin=origin, copied=COPIED, as_of=day)]
    if others:
        compared = Sanitised(others, (), ())
        name += "-by-hand"
        origin += "; types whose GPU SkyPilot 0.14.1 has no name for: not rented through it"
        found.append(listing(name, compared, origin=origin, copied=COPIED, as_of=day, rentable=False))
    return found


def _refusal(instance: Instance | None, catalog: Catalog) -> str:
    """Why a type is no offer; "" where it is one."""
    if instance is None:
        return "a type that is not in the table of instances"
    gpu = catalog.gpus_by_name.get(instance.gpu)
    return instance.refusal(gpu.vram_gb if gpu else None)


def _offer(row: Mapping[str, str], instance: Instance) -> Offer:
    """Its disk stays open: on all three a disk of any size is attached, so the job's `disk_gb` decides."""
    name = OTHER_NAMES.get(instance.name, NAMES[instance.cloud].get(instance.gpu, ""))
    return Offer(
        cloud=instance.cloud,
        region=row["Region"],
        instance=row["InstanceType"],
        gpu=instance.gpu,
        gpu_count=int(instance.number),
        vcpus=instance.vcpus,
        ram_gib=instance.ram_gib,
        disk_gb=None,
        price=None if instance.spot_only else float(row["Price"]),
        spot_price=float(row["SpotPrice"]) if row["SpotPrice"] else None,
        source=f"karpenter-{instance.cloud}",
        accelerator=name or None,
    )
