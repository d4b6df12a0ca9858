"""Price rows lie. What is not believable is dropped or left out, and counted with its reason."""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from gpuspec.catalog.catalog import Catalog
from gpuspec.catalog.clouds import CLOUDS, Cloud
from gpuspec.catalog.gpu import Gpu, GpuMatch
from gpuspec.catalog.offer import Offer

FLOOR = 0.03
"""$/h per GPU below which no GPU was ever rented out; Mithril's rows say 0.01."""
OUTLIER = 10
"""A price this many times below the median of the same GPU elsewhere is not one."""
MEMORY_SLACK = 0.06
"""H100 NVL: 94 GB are 95,830 MiB; B200: 180 GB are 183,359 MiB. 40 and 80 stay far apart."""

_BARE = {"A100": "A100 40GB", "V100": "V100 16GB", "H100": "H100 80GB", "RTX6000": "Quadro RTX 6000"}
"""SkyPilot's bare names: the smaller card has no suffix (A100-80GB and V100-32GB are named apart)."""


class Row(NamedTuple):
    """One line of a catalogue, as text."""

    cloud: str
    instance: str
    region: str
    accelerator: str
    number: str
    vcpus: str
    ram: str
    disk: str
    price: str
    spot: str
    info: str


class Sanitised(NamedTuple):
    """Believable offers; rows dropped and values left out, each (reason, rows). Rows without a GPU are not
    offers and not counted."""

    offers: tuple[Offer, ...]
    dropped: tuple[tuple[str, int], ...]
    mended: tuple[tuple[str, int], ...]


def row(cloud: str, fields: Mapping[str, str | None]) -> Row:
    """A Row of a line of SkyPilot's vms.csv; columns may stand in any order and be absent."""

    def text(column: str) -> str:
        return (fields.get(column) or "").strip()

    return Row(
        cloud, text("InstanceType"), text("Region"), text("AcceleratorName"), text("AcceleratorCount"),
        text("vCPUs"), text("MemoryGiB"), text("StorageGiB"), text("Price"), text("SpotPrice"), text("GpuInfo"),
    )  # fmt: skip


def sanitise(rows: Iterable[Row], source: str, catalog: Catalog) -> Sanitised:
    """Offers of the rows that can be believed, in order of instance, region and price. `catalog` knows the GPUs."""
    offers: list[Offer] = []
    dropped: dict[str, int] = {}
    mended: dict[str, int] = {}
    for each in rows:
        if not each.accelerator:
            continue
        result = _offer(each, source, mended, catalog)
        if isinstance(result, str):
            dropped[result] = dropped.get(result, 0) + 1
        else:
            offers.append(result)
    unique = {(o.instance, o.region, o.price, o.spot_price): o for o in offers}
    ordered = sorted(
        unique.values(), key=lambda o: (o.gpu, o.gpu_count, o.instance, o.region or "", o.price or 0)
    )
    return Sanitised(tuple(ordered), tuple(sorted(dropped.items())), tuple(sorted(mended.items())))


def without_outliers(offers: Iterable[Offer], dropped: dict[str, dict[str, int]]) -> list[Offer]:
    """Offers not absurdly below what the same GPU costs elsewhere; `dropped[source][reason]` is added to."""
    offers = list(offers)
    prices: dict[str, list[float]] = {}
    for offer in offers:
        if offer.price is not None:
            prices.setdefault(offer.gpu, []).append(offer.price / offer.gpu_count)
    kept = []
    for offer in offers:
        known = sorted(prices.get(offer.gpu, ()))
        median = known[len(known) // 2] if len(known) >= 5 else 0.0
        if offer.price is not None and offer.price / offer.gpu_count * OUTLIER < median:
            reasons = dropped.setdefault(offer.source, {})
            reason = f"price under a tenth of the median for {offer.gpu}"
            reasons[reason] = reasons.get(reason, 0) + 1
        else:
            kept.append(offer)
    return kept


def _offer(each: Row, source: str, mended: dict[str, int], catalog: Catalog) -> Offer | str:
    """The offer, or why there is none."""
    facts = CLOUDS.get(each.cloud) or Cloud(each.cloud, each.cloud, spot=False)
    number = _number(each.number)
    if number is None or number < 1 or number != int(number) or number > 64:
        return "not a whole number of GPUs"
    gpu = _gpu(each, int(number), facts, catalog)
    if isinstance(gpu, str):
        return gpu
    price = _price(each.price, number)
    if price is None and _number(each.price):
        return f"price below ${FLOOR} per GPU and hour"
    spot = _price(each.spot, number)
    if spot is None and each.spot and _number(each.spot) is not None:
        _count(mended, "spot price of zero or next to it")
    if spot is not None and price is not None and spot > price:
        _count(mended, "spot price above the price on demand")
        spot = None
    if spot is not None and not facts.spot:
        _count(mended, "spot price where SkyPilot cannot ask for spot")
        spot = None
    if price is None and spot is None:
        return "no price"
    vcpus, ram = _host(each, gpu, int(number), facts, mended)
    region = each.region.strip(" ,") or None
    return Offer(
        each.cloud, region, each.instance, gpu.name, int(number), vcpus, ram, _number(each.disk), price, spot, source,
        each.accelerator,
    )  # fmt: skip


def _count(reasons: dict[str, int], reason: str) -> None:
    reasons[reason] = reasons.get(reason, 0) + 1


def _number(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if value == value and abs(value) < 1e9 else None


def _price(text: str, gpus: float) -> float | None:
    value = _number(text)
    return value if value is not None and value / gpus >= FLOOR else None


def _host(
    each: Row, gpu: Gpu, number: int, facts: Cloud, mended: dict[str, int]
) -> tuple[float | None, float | None]:
    """(vCPUs, RAM in GiB) where they can be believed."""
    vcpus, ram = _number(each.vcpus), _number(each.ram)
    if facts.ram_is_floor:
        _count(mended, "vCPUs and RAM are rounded down")
        return None, None
    if ram is not None and ram == gpu.vram_gb * number:
        _count(mended, "RAM column repeats the GPU memory")
        return vcpus, None
    if ram is not None and not 1 <= ram <= 32_768:
        _count(mended, "impossible RAM")
        ram = None
    if vcpus is not None and not 1 <= vcpus <= 4_096:
        _count(mended, "impossible vCPUs")
        vcpus = None
    if ram is not None and vcpus is not None and ram < vcpus:
        _count(mended, "vCPUs and RAM look swapped")
        return None, None
    return vcpus, ram


def _gpu(each: Row, number: int, facts: Cloud, catalog: Catalog) -> Gpu | str:
    """Which GPU a row means, or why that cannot be told. Memory only tells 40 from 80 GB cards apart."""
    gpus = catalog.gpus_by_name
    instance = catalog.instances.get(each.instance.lower())
    if instance is not None:
        return gpus.get(instance[0]) or f"unknown GPU {each.accelerator}"
    name = _without_total(each.accelerator, number)
    meant = facts.gpus.get(name)
    if meant is not None:
        return gpus.get(meant) or f"unknown GPU {name}"
    match = catalog.resolve_gpu(name)
    if match.gpu is None and not match.ambiguous:
        return f"unknown GPU {each.accelerator}"
    return _narrow(
        match,
        f"{each.instance} {each.accelerator} {each.info}".lower(),
        _memory_gib(each, number, facts),
        name,
        gpus,
    )


def _narrow(
    match: GpuMatch, words: str, memory: float | None, name: str, gpus: Mapping[str, Gpu]
) -> Gpu | str:
    candidates = [gpu for each in match.accepts if (gpu := gpus.get(each)) and not gpu.variants]
    if memory is not None and len(candidates) > 1:
        near = [gpu for gpu in candidates if abs(memory / gpu.vram_gib - 1) <= MEMORY_SLACK]
        candidates = near or candidates
    elif name in _BARE and not _form(words):
        return gpus.get(_BARE[name]) or f"unknown GPU {name}"
    form = _form(words)
    if form and len(candidates) > 1:
        candidates = [gpu for gpu in candidates if _has_form(gpu, form)] or candidates
    if len(candidates) == 1:
        return candidates[0]
    names = {gpu.name for gpu in candidates}
    for each in match.accepts:
        general = gpus.get(each)
        if general and general.variants and names == set(general.variants):
            return general
    return f"{name}: which of {', '.join(sorted(names))} is not said"


def _form(words: str) -> str:
    """ "NVLINK" is neither form: PCIe cards are bridged with it, too. HBM3 on an H100 means SXM."""
    plain = words.replace("nvlink", "")
    for form in ("nvl", "pcie", "sxm"):
        if form in plain:
            return form
    return "sxm" if "hbm3" in plain else ""


def _has_form(gpu: Gpu, form: str) -> bool:
    if form == "nvl":
        return gpu.name.endswith("NVL")
    factor = (gpu.form_factor or "").lower()
    return factor.startswith(form) and not gpu.name.endswith("NVL")


def _without_total(name: str, number: int) -> str:
    """ "A100-80GB-160GB" of Verda is 2 × A100-80GB: the memory of all GPUs stands behind that of one."""
    head, _, tail = name.rpartition("-")
    one = head.rpartition("-")[2]
    if tail.endswith("GB") and one.endswith("GB") and tail[:-2].isdigit() and one[:-2].isdigit():
        return head if int(tail[:-2]) == int(one[:-2]) * number else name
    return name


def _memory_gib(each: Row, number: int, facts: Cloud) -> float | None:
    """Memory of one GPU as the row gives it, GiB; RunPod rows have held GB where MiB belong."""
    _, found, rest = each.info.lower().partition("sizeinmib")
    digits = rest.lstrip("'\": ")
    size = _number(digits[: len(digits) - len(digits.lstrip("0123456789."))]) if found else None
    if not size:
        return None
    gib = size if size < 1024 else size / 1024
    return gib / number if facts.memory_is_total else gib
