"""Price rows lie. What is not believable is dropped or left out, and counted with its reason."""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from gpuspec.catalog.catalog import Catalog
from gpuspec.catalog.clouds import CLOUDS, Cloud
from gpuspec.catalog.gpu import Gpu, GpuMatch
from gpuspec.catalog.offer import Offer
from gpuspec.numerals import is_digits, number_of

FLOOR = 0.03
"""$/h per GPU below which no GPU was ever rented out; Mithril's rows say 0.01."""
OUTLIER = 10
"""A price this many times below the median of the same GPU elsewhere is not one."""
MEMORY_SLACK = 0.06
"""H100 NVL: 94 GB are 95,830 MiB; B200: 180 GB are 183,359 MiB. 40 and 80 stay far apart."""

_BARE = {"A100": "A100 40GB", "V100": "V100 16GB", "H100": "H100 80GB", "RTX6000": "Quadro RTX 6000"}
"""SkyPilot's bare names: the smaller card has no suffix (A100-80GB and V100-32GB are named apart)."""

Row = Mapping[str, str | None]
"""One line of SkyPilot's vms.csv by its columns, which may stand in any order and be absent."""


class Sanitised(NamedTuple):
    """Believable offers; rows dropped and values left out, each (reason, rows). Rows without a GPU are not
    offers and not counted."""

    offers: tuple[Offer, ...]
    dropped: tuple[tuple[str, int], ...]
    mended: tuple[tuple[str, int], ...]


def sanitise(cloud: str, rows: Iterable[Row], catalog: Catalog) -> Sanitised:
    """Offers of the rows of a cloud that can be believed, in order of GPU, count, instance, region and price."""
    reader = _Sanitiser(cloud, catalog)
    offers: list[Offer] = []
    dropped: Counter[str] = Counter()
    for row in rows:
        found = reader.offer(row) if _text(row, "AcceleratorName") else None
        if isinstance(found, Offer):
            offers.append(found)
        elif found:
            dropped[found] += 1
    unique = {(o.instance, o.region, o.price, o.spot_price): o for o in offers}
    ordered = sorted(
        unique.values(), key=lambda o: (o.gpu, o.gpu_count, o.instance, o.region or "", o.price or 0)
    )
    return Sanitised(tuple(ordered), tuple(sorted(dropped.items())), tuple(sorted(reader.mended.items())))


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


class _Sanitiser:
    """Reads the rows of one cloud, and counts the values that it leaves out."""

    def __init__(self, cloud: str, catalog: Catalog) -> None:
        self.cloud = CLOUDS.get(cloud) or Cloud(cloud, cloud, spot=False)
        self.catalog = catalog
        self.gpus = catalog.gpus_by_name
        self.mended: Counter[str] = Counter()

    def offer(self, row: Row) -> Offer | str:
        """The offer of a row, or why there is none."""
        number = _number(_text(row, "AcceleratorCount"))
        if number is None or not 1 <= number <= 64 or number != int(number):
            return "not a whole number of GPUs"
        gpu = self._gpu(row, int(number))
        if isinstance(gpu, str):
            return gpu
        price, spot = (_price(_text(row, column), number) for column in ("Price", "SpotPrice"))
        if price is None and _number(_text(row, "Price")):
            return f"price below ${FLOOR} per GPU and hour"
        if spot is None and _number(_text(row, "SpotPrice")) is not None:
            self.mended["spot price of zero or next to it"] += 1
        if spot is not None and price is not None and spot > price:
            self.mended["spot price above the price on demand"] += 1
            spot = None
        if spot is not None and not self.cloud.spot:
            self.mended["spot price where SkyPilot cannot ask for spot"] += 1
            spot = None
        if price is None and spot is None:
            return "no price"
        vcpus, ram = self._host(row, gpu.vram_gb * number)
        return Offer(
            cloud=self.cloud.name,
            region=_text(row, "Region").strip(" ,") or None,
            instance=_text(row, "InstanceType"),
            gpu=gpu.name,
            gpu_count=int(number),
            vcpus=vcpus,
            ram_gib=ram,
            disk_gb=_number(_text(row, "StorageGiB")),
            price=price,
            spot_price=spot,
            source=f"skypilot-{self.cloud.name}",
            accelerator=_text(row, "AcceleratorName"),
        )

    def _host(self, row: Row, vram_gb: float) -> tuple[float | None, float | None]:
        """(vCPUs, RAM in GiB) where they can be believed."""
        vcpus, ram = _number(_text(row, "vCPUs")), _number(_text(row, "MemoryGiB"))
        if self.cloud.ram_is_floor:
            self.mended["vCPUs and RAM are rounded down"] += 1
            return None, None
        if ram is not None and ram == vram_gb:
            self.mended["RAM column repeats the GPU memory"] += 1
            return vcpus, None
        if ram is not None and not 1 <= ram <= 32_768:
            self.mended["impossible RAM"] += 1
            ram = None
        if vcpus is not None and not 1 <= vcpus <= 4_096:
            self.mended["impossible vCPUs"] += 1
            vcpus = None
        if ram is not None and vcpus is not None and ram < vcpus:
            self.mended["vCPUs and RAM look swapped"] += 1
            return None, None
        return vcpus, ram

    def _gpu(self, row: Row, number: int) -> Gpu | str:
        """Which GPU a row means, or why that cannot be told. Memory only tells 40 from 80 GB cards apart."""
        written, machine = _text(row, "AcceleratorName"), _text(row, "InstanceType")
        instance = self.catalog.instances.get(machine.lower())
        if instance is not None:
            return self.gpus.get(instance[0]) or f"unknown GPU {written}"
        name = _without_total(written, number)
        if name in self.cloud.gpus:
            return self.gpus.get(self.cloud.gpus[name]) or f"unknown GPU {name}"
        match = self.catalog.resolve_gpu(name)
        if not match.accepts:
            return f"unknown GPU {written}"
        info = _text(row, "GpuInfo")
        memory = _memory_gib(info, number if self.cloud.memory_is_total else 1)
        return self._narrow(match, _form(f"{machine} {written} {info}".lower()), memory, name)

    def _narrow(self, match: GpuMatch, form: str, memory: float | None, name: str) -> Gpu | str:
        accepted = [gpu for each in match.accepts if (gpu := self.gpus.get(each))]
        candidates = [gpu for gpu in accepted if not gpu.variants]
        if memory is not None and len(candidates) > 1:
            near = [gpu for gpu in candidates if abs(memory / gpu.vram_gib - 1) <= MEMORY_SLACK]
            candidates = near or candidates
        elif name in _BARE and not form:
            return self.gpus.get(_BARE[name]) or f"unknown GPU {name}"
        if form and len(candidates) > 1:
            candidates = [gpu for gpu in candidates if _has_form(gpu, form)] or candidates
        if len(candidates) == 1:
            return candidates[0]
        names = {gpu.name for gpu in candidates}
        for general in accepted:
            if general.variants and names == set(general.variants):
                return general
        return f"{name}: which of {', '.join(sorted(names))} is not said"


def _text(row: Row, column: str) -> str:
    return (row.get(column) or "").strip()


def _number(text: str) -> float | None:
    value = number_of(text)
    return value if value is not None and abs(value) < 1e9 else None


def _price(text: str, gpus: float) -> float | None:
    value = _number(text)
    return value if value is not None and value / gpus >= FLOOR else None


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
    if tail.endswith("GB") and one.endswith("GB") and is_digits(tail[:-2]) and is_digits(one[:-2]):
        return head if int(tail[:-2]) == int(one[:-2]) * number else name
    return name


def _memory_gib(info: str, gpus: int) -> float | None:
    """Memory of one GPU as a row gives it for so many, GiB; RunPod rows have held GB where MiB belong."""
    _, found, rest = info.lower().partition("sizeinmib")
    digits = rest.lstrip("'\": ")
    size = _number(digits[: len(digits) - len(digits.lstrip("0123456789."))]) if found else None
    if not size:
        return None
    return (size if size < 1024 else size / 1024) / gpus
