"""Whether the table of prices that ships says what its sources say, what is not believed, and what has no price.

    python benchmarks/prices.py [--prices DIR]

DIR has the lists that the table was built from (`python -m tools.prices DIR`), as they were copied. Three parts:
well-known machines with the price of the source's row, read here by its keys, beside ours; every price that is held
back, with the reason, and those that are low and believed since another list asks as little; and for the large clouds
each GPU that they rent out, with the range of its price per GPU and hour by kind."""

from __future__ import annotations

import argparse
import csv
from collections import defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path
from statistics import median
from typing import NamedTuple

from gpuspec.catalog import Catalog, Offer
from gpuspec.catalog.held_back import BROKERS, SHARE

ROOT = Path(__file__).resolve().parent.parent
LISTS = ROOT.parent / "shared" / "data" / "prices"
LARGE = ("aws", "gcp", "azure", "oci", "runpod", "lambda", "vast")


class Pair(NamedTuple):
    """A machine that people know: the keys of its row, and what it is."""

    cloud: str
    instance: str
    region: str
    gpu: str
    gpu_count: int


PAIRS = (
    Pair("aws", "g4dn.xlarge", "us-east-1", "T4", 1),
    Pair("aws", "g5.xlarge", "us-east-1", "A10G", 1),
    Pair("aws", "g6.xlarge", "us-east-1", "L4", 1),
    Pair("aws", "g6e.xlarge", "us-east-1", "L40S", 1),
    Pair("aws", "p3.2xlarge", "us-east-1", "V100 SXM2 16GB", 1),
    Pair("aws", "p4d.24xlarge", "us-east-1", "A100 40GB SXM4", 8),
    Pair("aws", "p5.48xlarge", "us-east-1", "H100 SXM", 8),
    Pair("aws", "p6-b200.48xlarge", "us-east-1", "B200", 8),
    Pair("azure", "Standard_NC4as_T4_v3", "eastus", "T4", 1),
    Pair("azure", "Standard_NV36ads_A10_v5", "eastus", "A10", 1),
    Pair("azure", "Standard_NC24ads_A100_v4", "eastus", "A100 80GB PCIe", 1),
    Pair("azure", "Standard_ND96isr_H100_v5", "eastus", "H100 SXM", 8),
    Pair("gcp", "g2-standard-4", "us-central1", "L4", 1),
    Pair("gcp", "a2-highgpu-1g", "us-central1", "A100 40GB SXM4", 1),
    Pair("gcp", "a2-ultragpu-8g", "us-central1", "A100 80GB SXM4", 8),
    Pair("gcp", "a3-highgpu-8g", "us-central1", "H100 SXM", 8),
    Pair("oci", "VM.GPU.A10.1", "us-ashburn-1", "A10", 1),
    Pair("oci", "BM.GPU.H100.8", "us-ashburn-1", "H100 SXM", 8),
    Pair("oci", "BM.GPU.MI300X.8", "us-ashburn-1", "MI300X", 8),
    Pair("oci", "VM.GPU3.1", "us-ashburn-1", "V100 SXM2 16GB", 1),
    Pair("runpod", "1x_RTX4090_SECURE", "US", "RTX 4090", 1),
    Pair("runpod", "1x_A100-80GB_SECURE", "US", "A100 80GB PCIe", 1),
    Pair("runpod", "8x_H100-SXM_SECURE", "US", "H100 SXM", 8),
    Pair("runpod", "1x_MI300X_SECURE", "US", "MI300X", 1),
    Pair("lambda", "gpu_1x_a10", "us-east-1", "A10", 1),
    Pair("lambda", "gpu_8x_h100_sxm5", "us-east-1", "H100 SXM", 8),
    Pair("lambda", "gpu_1x_gh200", "us-east-1", "GH200", 1),
    Pair("vast", "1x-RTX_4090-32-65536", "Germany, DE, EU", "RTX 4090", 1),
    Pair("vast", "8x-H100_SXM-32-65536", "Vietnam, VN, AS", "H100 SXM", 8),
    Pair("nebius", "gpu-h200-sxm_1gpu-16vcpu-200gb", "eu-north1", "H200 SXM", 1),
    Pair("verda", "1H100.80S.32V", "FIN-02", "H100 SXM", 1),
    Pair("mithril", "h100-80gb.sxm.8x", "us-central2-a", "H100 SXM", 8),
    Pair("primeintellect", "datacrunch__1xH200_141GB__44__182__SPOT", "IS", "H200 SXM", 1),
    Pair("hyperbolic", "1x-H100-75-722", "default", "H100 SXM", 1),
)
REPEATED = {"runpod"}
"""Clouds whose column of spot prices repeats the price."""
AUCTIONS = {"mithril"}


def source_rows(folder: Path) -> dict[tuple[str, str], list[dict[str, str]]]:
    """(cloud, instance) → the rows of both files, as they stand."""
    rows: dict[tuple[str, str], list[dict[str, str]]] = defaultdict(list)
    for name in ("hyperscalers.csv", "marketplaces.csv"):
        with (folder / name).open(encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file):
                rows[row["Cloud"], row["InstanceType"]].append(row)
    return rows


def stated(rows: Iterable[dict[str, str]], pair: Pair) -> str:
    """What the row says, in the words of `ours`."""
    for row in rows:
        if row.get("Region", pair.region) == pair.region:
            price, spot = (float(row[column]) if row[column] else None for column in ("Price", "SpotPrice"))
            if pair.cloud in AUCTIONS:
                return in_words(None, None, price)
            return in_words(price, None if pair.cloud in REPEATED else spot, None)
    return "no such row"


def in_words(price: float | None, spot: float | None, bid: float | None) -> str:
    """ "$3.50, spot $1.45"."""
    kinds = (("", price), ("spot ", spot), ("bid from ", bid))
    return ", ".join(f"{kind}${dollars:.4f}" for kind, dollars in kinds if dollars is not None) or "no price"


def ours(offers: Iterable[Offer], pair: Pair) -> str:
    """What the table that ships says, and whether it means the same GPU."""
    found = [each for each in offers if (each.cloud, each.instance, each.region) == pair[:3]]
    if len(found) != 1:
        return f"{len(found)} offers"
    one = found[0]
    if (one.gpu, one.gpu_count) != pair[3:]:
        return f"another machine: {one.gpu_count} × {one.gpu}"
    return in_words(one.price, one.spot_price, one.bid)


def print_pairs(folder: Path, offers: tuple[Offer, ...]) -> None:
    """Part one."""
    rows = source_rows(folder)
    same = 0
    for pair in PAIRS:
        theirs, mine = stated(rows[pair.cloud, pair.instance], pair), ours(offers, pair)
        same += theirs == mine
        mark = "=" if theirs == mine else "≠"
        print(
            f"  {pair.gpu_count} × {pair.gpu:18} {pair.cloud:15} {pair.instance:40} {theirs:28} {mark} {mine}"
        )
    print(f"{same} of {len(PAIRS)} pairs as their source has them\n")


def print_held(catalog: Catalog, offers: tuple[Offer, ...]) -> None:
    """Part two."""
    held = [each for source in catalog.price_sources for each in source.held]
    for each in held:
        print(
            f"  {each.cloud} {each.instance}: {each.gpu_count} × {each.gpu} for ${each.price:.2f}/h: {each.reason}"
        )
    print(f"{len(held)} held back\n")
    lows = list(low_and_believed(catalog, offers))
    for line in lows:
        print(f"  {line}")
    print(f"{len(lows)} machines are as cheap and believed, since another list asks about as little\n")


def low_and_believed(catalog: Catalog, offers: tuple[Offer, ...]) -> Iterator[str]:
    """Machines under a third of the median of at least three other clouds that are in the table all the same. Worked
    out anew, from what ships alone."""
    family = {variant: gpu.name for gpu in catalog.gpus for variant in gpu.variants}
    for kind in ("price", "spot_price"):
        costs: dict[str, dict[str, set[tuple[str, float]]]] = defaultdict(lambda: defaultdict(set))
        for offer in offers:
            if (dollars := getattr(offer, kind)) is not None:
                costs[family.get(offer.gpu, offer.gpu)][offer.cloud].add(
                    (offer.instance, dollars / offer.gpu_count)
                )
        for gpu, clouds in costs.items():
            middles = {cloud: median(one for _, one in found) for cloud, found in clouds.items()}
            for cloud, found in sorted(clouds.items()):
                others = [each for name, each in middles.items() if name != cloud and name not in BROKERS]
                for instance, one in sorted(found):
                    if len(others) >= 3 and one * SHARE < median(others):
                        what = kind.replace("_", " ")
                        yield f"{cloud} {instance}: {gpu}, {what} ${one:.2f} per GPU, others ${median(others):.2f}"


def print_coverage(catalog: Catalog, offers: tuple[Offer, ...]) -> None:
    """Part three."""
    rented = (each for each in catalog.instances.values() if each.whole and not each.refusal())
    named = {(each.cloud, each.gpu) for each in rented}
    not_rented = [
        o for source in catalog.price_sources if not source.rentable for o in catalog.offers(source.name)
    ]
    for cloud in LARGE:
        own = [offer for offer in offers if offer.cloud == cloud]
        priced = {offer.gpu for offer in own}
        compared = {offer.gpu for offer in not_rented if offer.cloud == cloud} - priced
        without = {gpu for where, gpu in named if where == cloud} - priced - compared
        print(f"{cloud}: {len(priced)} GPUs; without a price: {', '.join(sorted(without)) or 'none'}")
        if compared:
            print(f"  priced, and nothing that gpuspec knows can rent them: {', '.join(sorted(compared))}")
        for gpu in sorted(priced):
            print(f"  {gpu:34} {by_kind(offer for offer in own if offer.gpu == gpu)}")


def by_kind(offers: Iterable[Offer]) -> str:
    """ "on demand $0.53–0.98, spot $0.20–0.35" per GPU and hour."""
    found: dict[str, list[float]] = defaultdict(list)
    for offer in offers:
        for kind, dollars in (
            ("on demand", offer.price),
            ("spot", offer.spot_price),
            ("bid from", offer.bid),
        ):
            if dollars is not None:
                found[kind].append(dollars / offer.gpu_count)
    return ", ".join(f"{kind} ${min(each):.2f}–{max(each):.2f}" for kind, each in found.items())


def main() -> None:
    """Print the three parts."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--prices", type=Path, default=LISTS, metavar="DIR", help="the price lists as copied")
    folder = parser.parse_args().prices
    if not (folder / "marketplaces.csv").is_file():
        print(f"no price lists in {folder}: nothing to compare with")
        return
    catalog = Catalog()
    offers = catalog.offers()
    print_pairs(folder, offers)
    print_held(catalog, offers)
    print_coverage(catalog, offers)


if __name__ == "__main__":
    main()
