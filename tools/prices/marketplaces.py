"""The clouds of marketplaces.csv: rows of SkyPilot's catalogue that were copied on one day, many regions a line.

The file names a few of a row's regions only. Three clouds ask one price in all of theirs, and SkyPilot's catalogue
has every machine in every region of them: these get the whole list of regions. All others keep the regions that stand
in the row, which a job's `regions` can then count on."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path

from gpuspec.catalog import Catalog
from gpuspec.catalog.catalogue_rows import Row
from gpuspec.catalog.clouds import CLOUDS, Cloud
from gpuspec.catalog.offer import Offer
from gpuspec.catalog.sanitise import sanitise
from tools.prices.listing import Listing, listing, read_csv

COPIED = "2026-11-29"

WHAT = {
    "runpod": "secure cloud; one price in every region and for each GPU of a pod; its spot prices only repeat it",
    "shadeform": "a broker: the seller's name is in the instance type",
    "primeintellect": "a broker: the seller's name is in the instance type",
    "spheron": "a broker",
    "lium": "the cheapest whole machine of a third party",
    "vast": "community hosts: the median of what they ask for a shape",
    "mithril": "an auction: the least that may be bid",
    "cudo": "GPU, vCPUs and RAM added up, without the disk",
    "oci": "list prices, one in every region",
    "lambda": "one price in every region",
}
"""cloud → what kind of price its rows are; the others are list prices of the cloud's own machines."""

COMPARED = {
    cloud.name: cloud
    for cloud in (
        Cloud("hyperstack", "Hyperstack", spot=False),
        Cloud("jarvislabs", "JarvisLabs", spot=False),
        Cloud("lium", "Lium", spot=False, hosts="community"),
        Cloud("spheron", "Spheron"),
    )
}
"""Clouds that SkyPilot 0.14.1 has no code for (sky/clouds): nothing can be rented there with it, so their prices are
for comparison only."""
BROKERS = frozenset({"spheron"})
"""Brokers among these, beside those that `CLOUDS` marks."""

RUNPOD_COUNTS = (1, 2, 4, 8)
RUNPOD_MOST = {"RTXA4500": 4, "RTXPRO6000-WK": 4}
"""GPU → the most that SkyPilot's catalogue has in one pod; eight of the others, and ten or twelve of some."""

EVERY_REGION = {
    "runpod": "AU CA CZ DK FR IN IS JP NL NO RO SE SG US",
    "lambda": "asia-northeast-1 asia-northeast-2 asia-south-1 australia-east-1 europe-central-1 europe-south-1 "
    "me-west-1 us-east-1 us-east-2 us-east-3 us-midwest-1 us-south-1 us-south-2 us-south-3 us-west-1 us-west-2 "
    "us-west-3",
    "oci": "af-casablanca-1 af-johannesburg-1 ap-batam-1 ap-chuncheon-1 ap-hyderabad-1 ap-kulai-2 ap-melbourne-1 "
    "ap-mumbai-1 ap-osaka-1 ap-seoul-1 ap-singapore-1 ap-singapore-2 ap-sydney-1 ap-tokyo-1 ca-montreal-1 "
    "ca-toronto-1 eu-amsterdam-1 eu-frankfurt-1 eu-madrid-1 eu-madrid-3 eu-marseille-1 eu-milan-1 eu-paris-1 "
    "eu-stockholm-1 eu-turin-1 eu-zurich-1 il-jerusalem-1 me-abudhabi-1 me-dubai-1 me-jeddah-1 me-riyadh-1 "
    "mx-monterrey-1 mx-queretaro-1 sa-bogota-1 sa-santiago-1 sa-saopaulo-1 sa-valparaiso-1 sa-vinhedo-1 "
    "uk-cardiff-1 uk-london-1 us-ashburn-1 us-chicago-1 us-phoenix-1 us-sanjose-1",
}
"""Sources: REGION_ZONES of skypilot 0.14.1 fetch_runpod.py, which writes each pod in each; REGIONS of its
fetch_lambda_cloud.py, likewise; Oracle's regions of the commercial realm (docs.oracle.com, Regions and Availability
Domains), read 2026-11-30."""


def listings(folder: Path, catalog: Catalog) -> list[Listing]:
    """One listing a cloud, in the file's order."""
    by_cloud: dict[str, list[dict[str, str]]] = {}
    for row in read_csv(folder / "marketplaces.csv"):
        by_cloud.setdefault(row["Cloud"], []).append(row)
    older = {cloud: _older_facts(folder / cloud / "vms.csv") for cloud in by_cloud}
    found = []
    for cloud, rows in by_cloud.items():
        commit = rows[0]["Commit"]
        priced = _pods(rows) if cloud == "runpod" else rows
        whole = [{**older[cloud].get(row["InstanceType"], {}), **row} for row in priced]
        known = sanitise(COMPARED.get(cloud) or CLOUDS[cloud], map(partial(_placed, cloud), whole), catalog)
        known = known._replace(offers=tuple(each for offer in known.offers for each in _in_regions(offer)))
        origin = f"skypilot-org/skypilot-catalog catalogs/v8/{cloud}/vms.csv @{commit[:12]}"
        origin += f"; {WHAT[cloud]}" if cloud in WHAT else ""
        rentable = cloud not in COMPARED
        found.append(listing(f"skypilot-{cloud}", known, origin=origin, copied=COPIED, rentable=rentable))
    return found


def _placed(cloud: str, row: dict[str, str]) -> Row:
    """The row with all its regions as one: it is one row, whether it is believed or not."""
    regions = EVERY_REGION[cloud].split() if cloud in EVERY_REGION else row["Regions"].split(";")
    return {**row, "Region": "|".join(regions)}


def _in_regions(offer: Offer) -> Iterator[Offer]:
    for region in (offer.region or "").split("|"):
        yield offer._replace(region=region.strip(" ,") or None)


def _older_facts(path: Path) -> dict[str, dict[str, str]]:
    """Instance type → what the older list of the same cloud says of the machine and the newer file leaves out."""
    if not path.exists():
        return {}
    return {
        row["InstanceType"]: {name: row.get(name) or "" for name in ("GpuInfo", "StorageGiB")}
        for row in read_csv(path)
    }


def _pods(rows: list[dict[str, str]]) -> list[dict[str, str]]:
    """RunPod's pods of 1, 2, 4 and 8 GPUs, and those that the file has.

    The file has examples only. SkyPilot's fetch_runpod.py writes a pod for each number of GPUs from one up to the
    most, at so many times the price, the vCPUs and the RAM of one; the least pod in the file says what one is.
    Raises ValueError where a row is not so many times that."""
    by_gpu: dict[str, list[dict[str, str]]] = {}
    for row in rows:
        by_gpu.setdefault(row["AcceleratorName"], []).append(row)
    pods = []
    for name, listed in by_gpu.items():
        least = min(listed, key=lambda row: int(row["AcceleratorCount"]))
        counts = {n for n in RUNPOD_COUNTS if n <= RUNPOD_MOST.get(name, 8)}
        for number in sorted(counts | {int(row["AcceleratorCount"]) for row in listed}):
            pods.append(_pod(name, number, least))
        for row in listed:
            mine = next(pod for pod in pods if pod["InstanceType"] == row["InstanceType"])
            if float(mine["Price"]) != float(row["Price"]):
                raise ValueError(
                    f"{row['InstanceType']} is not so many times the price of one: {row['Price']}"
                )
    return pods


def _pod(name: str, number: int, least: dict[str, str]) -> dict[str, str]:
    of = int(least["AcceleratorCount"])
    amounts = {
        column: f"{round(float(least[column]) / of * number, 2):g}"
        for column in ("vCPUs", "MemoryGiB", "Price")
    }
    return {**least, **amounts, "SpotPrice": "", "InstanceType": f"{number}x_{name}_SECURE",
            "AcceleratorCount": str(number)}  # fmt: skip
