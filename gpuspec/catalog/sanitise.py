"""Price rows lie. What is not believable is dropped, left out or held back, and counted or listed with its reason."""

from collections import Counter
from collections.abc import Iterable

from gpuspec.catalog.catalog import Catalog
from gpuspec.catalog.catalogue_rows import Row, amount, cell
from gpuspec.catalog.clouds import CLOUDS, Cloud
from gpuspec.catalog.instance import SPOT_ONLY
from gpuspec.catalog.offer import HeldBack, Offer
from gpuspec.catalog.row_gpu import RowGpus
from gpuspec.named_tuple import NamedTuple

FLOOR = 0.03
"""$/h per GPU below which a row gives no price: the least that any list asks is $0.05, for an interruptible V100, and
lists write 0.00 and 0.01 where they have none. A bid may be as low as it likes: it is no price."""


class Sanitised(NamedTuple):
    """Believable offers; rows dropped and values left out, each (reason, rows); rows held back. Rows without a GPU
    are not offers and not counted."""

    offers: tuple[Offer, ...]
    dropped: tuple[tuple[str, int], ...]
    mended: tuple[tuple[str, int], ...]
    held: tuple[HeldBack, ...] = ()


def sanitise(cloud: str | Cloud, rows: Iterable[Row], catalog: Catalog) -> Sanitised:
    """Offers of the rows of a cloud that can be believed, in order of GPU, count, instance, region and price.

    `cloud` is a name, or a Cloud where it is not one of `CLOUDS`. Prices that other clouds make doubtful are found by
    `held_back`, once the rows of all clouds are read."""
    known = cloud if isinstance(cloud, Cloud) else CLOUDS.get(cloud) or Cloud(cloud, cloud, spot=False)
    reader = _Sanitiser(known, catalog)
    offers: list[Offer] = []
    dropped: Counter[str] = Counter()
    for row in rows:
        found = reader.offer(row) if cell(row, "AcceleratorName") else None
        if isinstance(found, Offer):
            offers.append(found)
        elif found:
            dropped[found] += 1
    unique = {(o.instance, o.region, o.price, o.spot_price, o.bid): o for o in offers}
    ordered = tuple(
        sorted(unique.values(), key=lambda o: (o.gpu, o.gpu_count, o.instance, o.region or "", o.price or 0))
    )
    held: tuple[HeldBack, ...] = ()
    if not known.currency:
        held = _of_unknown_currency(known, ordered)
        ordered = ()
    return Sanitised(ordered, tuple(sorted(dropped.items())), tuple(sorted(reader.mended.items())), held)


def _of_unknown_currency(cloud: Cloud, offers: tuple[Offer, ...]) -> tuple[HeldBack, ...]:
    reason = f"{cloud.skypilot} does not say in which currency it asks"
    found = (
        HeldBack(o.cloud, o.instance, o.gpu, o.gpu_count, o.price or o.spot_price or 0.0, reason)
        for o in offers
    )
    return tuple(dict.fromkeys(found))


class _Prices(NamedTuple):
    """What a row asks for the whole machine, $/h."""

    on_demand: float | None
    spot: float | None
    bid: float | None = None


class _Sanitiser:
    """Reads the rows of one cloud, and counts the values that it leaves out."""

    def __init__(self, cloud: Cloud, catalog: Catalog) -> None:
        self.cloud = cloud
        self.instances = catalog.instances
        self.mended: Counter[str] = Counter()
        self.gpus = RowGpus(cloud, catalog, self.mended)

    def offer(self, row: Row) -> Offer | str:
        """The offer of a row, or why there is none."""
        number = amount(row, "AcceleratorCount")
        if number is None or not 1 <= number <= 64 or number != int(number):
            return "not a whole number of GPUs"
        machine = cell(row, "InstanceType")
        gpu = self.gpus.gpu(cell(row, "AcceleratorName"), machine, cell(row, "GpuInfo"), int(number))
        if isinstance(gpu, str):
            return gpu
        prices = self._bid(row) if self.cloud.auction else self._prices(row, number)
        if isinstance(prices, str):
            return prices
        vcpus, ram = self._host(row, gpu.vram_gb * number)
        return Offer(
            cloud=self.cloud.name,
            region=cell(row, "Region").strip(" ,") or None,
            instance=machine,
            gpu=gpu.name,
            gpu_count=int(number),
            vcpus=vcpus,
            ram_gib=ram,
            disk_gb=amount(row, "StorageGiB"),
            price=prices.on_demand,
            spot_price=prices.spot,
            bid=prices.bid,
            hosts="community" if machine.upper().endswith("_COMMUNITY") else self.cloud.hosts,
            source=f"skypilot-{self.cloud.name}",
            accelerator=cell(row, "AcceleratorName"),
        )

    def _bid(self, row: Row) -> _Prices | str:
        """An auction's two columns both hold the least that may be bid."""
        bids = [bid for column in ("Price", "SpotPrice") if (bid := amount(row, column)) and bid > 0]
        return _Prices(None, None, min(bids)) if bids else "no price"

    def _prices(self, row: Row, number: float) -> _Prices | str:
        price, spot = (_price(amount(row, column), number) for column in ("Price", "SpotPrice"))
        if price is None and amount(row, "Price"):
            return f"price below ${FLOOR} per GPU and hour"
        without = ""
        if spot is None and amount(row, "SpotPrice") is not None:
            without = "spot price of zero or next to it"
        elif spot is not None and price is not None and spot > price:
            without = "spot price above the price on demand"
        elif spot is not None and spot == price:
            without = "spot price that is the price on demand"
        elif spot is not None and not self.cloud.spot:
            without = "spot price where SkyPilot cannot ask for spot"
        if without:
            self.mended[without] += 1
            spot = None
        instance = self.instances.get(cell(row, "InstanceType").lower())
        if instance is not None and instance.spot_only and price is not None:
            self.mended[SPOT_ONLY] += 1
            price = None
        return _Prices(price, spot) if price is not None or spot is not None else "no price"

    def _host(self, row: Row, vram_gb: float) -> tuple[float | None, float | None]:
        """(vCPUs, RAM in GiB) where they can be believed."""
        vcpus, ram = amount(row, "vCPUs"), amount(row, "MemoryGiB")
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


def _price(dollars: float | None, gpus: float) -> float | None:
    return dollars if dollars is not None and dollars / gpus >= FLOOR else None
