"""One test per lie that price rows have told. Rows are copied from skypilot-catalog."""

from __future__ import annotations

from gpuspec.catalog import Catalog
from gpuspec.catalog.offer import Offer
from gpuspec.catalog.sanitise import Sanitised, sanitise, without_outliers

CATALOG = Catalog()


def _info(name: str, number: int, mib: int) -> str:
    gpus = f"[{{'Name': '{name}', 'Count': {number}, 'MemoryInfo': {{'SizeInMiB': {mib}}}}}]"
    return f"{{'Gpus': {gpus}, 'TotalGpuMemoryInMiB': {mib}}}"


def _one(cloud: str, **fields: str) -> Sanitised:
    filled = {"InstanceType": "machine", "AcceleratorCount": "1", "Region": "here", "Price": "1.00", **fields}
    return sanitise(cloud, [filled], CATALOG)


def _offer(cloud: str, **fields: str) -> Offer:
    result = _one(cloud, **fields)
    assert result.dropped == ()
    (offer,) = result.offers
    return offer


def test_zero_spot_price_is_no_price() -> None:
    result = _one("vast", AcceleratorName="RTX4090", Price="0.40", SpotPrice="0.00")
    assert (result.offers[0].price, result.offers[0].spot_price) == (0.40, None)
    assert dict(result.mended)["spot price of zero or next to it"] == 1


def test_one_cent_rows_are_dropped() -> None:
    fields = {"InstanceType": "neb-b200.sxm.8x", "AcceleratorName": "B200", "AcceleratorCount": "8"}
    result = _one("mithril", **fields, Price="0.08", SpotPrice="0.08")
    assert result.offers == ()
    assert result.dropped == (("price below $0.03 per GPU and hour", 1),)


def test_gb_in_the_mib_column_still_tells_40_from_80() -> None:
    assert _offer("runpod", AcceleratorName="A100", GpuInfo=_info("A100", 1, 80)).gpu == "A100 80GB"


def test_total_memory_as_per_gpu() -> None:
    two = {"AcceleratorName": "A100", "AcceleratorCount": "2"}
    assert _offer("primeintellect", **two, GpuInfo=_info("A100", 2, 163840)).gpu == "A100 80GB"
    vast = _offer("vast", InstanceType="2x-A100_SXM4-32-65536", **two, GpuInfo=_info("A100", 2, 81920))
    assert vast.gpu == "A100 40GB SXM4"


def test_name_with_the_total_behind_it() -> None:
    offer = _offer("verda", AcceleratorName="A100-80GB-160GB", AcceleratorCount="2.0")
    assert (offer.gpu, offer.gpu_count) == ("A100 80GB SXM4", 2)
    assert _one("verda", AcceleratorName="A100-80GB-100GB", AcceleratorCount="2").offers == ()


def test_counts_are_whole() -> None:
    assert _offer("lambda", AcceleratorName="A10", AcceleratorCount="4.0").gpu_count == 4
    for number in ("0.5", "0", "", "many", "nan", "-1", "1e9"):
        result = _one("azure", AcceleratorName="A10", AcceleratorCount=number)
        assert result.dropped == (("not a whole number of GPUs", 1),)


def test_columns_are_read_by_name_not_by_place() -> None:
    offer = _offer(
        "yotta", MemoryGiB="119.0", vCPUs="14.0", AcceleratorName="RTX5090", SpotPrice="", Price="0.65"
    )
    assert (offer.vcpus, offer.ram_gib, offer.price, offer.spot_price) == (14, 119, 0.65, None)


def test_swapped_vcpus_and_ram_are_left_out() -> None:
    result = _one("yotta", AcceleratorName="RTX5090", vCPUs="119", MemoryGiB="14")
    assert (result.offers[0].vcpus, result.offers[0].ram_gib) == (None, None)
    assert result.mended == (("vCPUs and RAM look swapped", 1),)


def test_ram_that_is_the_gpu_memory_is_left_out() -> None:
    offer = _offer("paperspace", InstanceType="A100-80Gx8", AcceleratorName="A100-80GB", AcceleratorCount="8.0",
                   vCPUs="96", MemoryGiB="640.0", Price="25.44")  # fmt: skip
    assert (offer.vcpus, offer.ram_gib) == (96, None)


def test_impossible_ram_is_left_out() -> None:
    for ram in ("0", "0.25", "1e8", "-4"):
        assert _offer("nebius", AcceleratorName="L40S", vCPUs="8", MemoryGiB=ram).ram_gib is None


def test_rounded_down_host_of_vast_is_left_out() -> None:
    offer = _offer(
        "vast", AcceleratorName="H200", AcceleratorCount="8", vCPUs="32", MemoryGiB="64.0", Price="18.82"
    )
    assert (offer.vcpus, offer.ram_gib) == (None, None)


def test_memory_of_a_row_is_never_the_gpus() -> None:
    """A 4090 refitted with 48 GB is sold as a 4090: the plan must count on 24."""
    assert _offer("vast", AcceleratorName="RTX4090", GpuInfo=_info("RTX4090", 1, 49140)).gpu == "RTX 4090"


def test_unknown_gpus_are_counted_and_cpus_are_not() -> None:
    rows = [{"InstanceType": name, "AcceleratorName": gpu, "AcceleratorCount": "1", "Price": "1"}
            for name, gpu in (("a", "Mystery"), ("b", "Mystery"), ("c", ""))]  # fmt: skip
    result = sanitise("paperspace", rows, CATALOG)
    assert (result.offers, result.dropped) == ((), (("unknown GPU Mystery", 2),))


def test_h100_form_comes_from_names_only() -> None:
    def form(cloud: str, instance: str, info: str = "", mib: int = 81559) -> str:
        return _offer(cloud, InstanceType=instance, AcceleratorName="H100", GpuInfo=_info(info, 1, mib)).gpu

    assert form("lambda", "gpu_1x_h100_pcie") == "H100 PCIe"
    assert form("lambda", "gpu_1x_h100_sxm5") == "H100 SXM"
    assert form("nebius", "gpu-h100-sxm_1gpu-16vcpu-200gb") == "H100 SXM"
    assert form("hyperbolic", "1x-H100-75-722", "NVIDIA-H100-80GB-HBM3") == "H100 SXM"
    assert form("vast", "1x-H100_NVL-32-65536", mib=95830) == "H100 NVL"
    assert form("paperspace", "H100") == "H100 80GB"


def test_spot_above_on_demand_and_spot_that_cannot_be_had() -> None:
    assert _offer("nebius", AcceleratorName="L40S", Price="1", SpotPrice="2").spot_price is None
    assert _offer("lambda", AcceleratorName="A10", Price="1", SpotPrice="0.5").spot_price is None
    assert _offer("nebius", AcceleratorName="L40S", Price="1", SpotPrice="0.5").spot_price == 0.5


def test_no_price_is_no_offer() -> None:
    for price in ("", "free", "nan", "inf"):
        assert _one("nebius", AcceleratorName="L40S", Price=price).dropped == (("no price", 1),)


def test_a_tenth_of_the_median_is_not_a_price() -> None:
    machine = {"AcceleratorName": "L40S", "AcceleratorCount": "1"}
    prices = ("1.0", "1.1", "1.2", "1.3", "0.10")
    rows = [{**machine, "InstanceType": f"m{price}", "Price": price} for price in prices]
    dropped: dict[str, dict[str, int]] = {}
    kept = without_outliers(sanitise("nebius", rows, CATALOG).offers, dropped)
    assert sorted(offer.price or 0 for offer in kept) == [1.0, 1.1, 1.2, 1.3]
    assert dropped == {"skypilot-nebius": {"price under a tenth of the median for L40S": 1}}
