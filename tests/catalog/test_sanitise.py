"""One test per lie that price rows have told. Rows are copied from skypilot-catalog."""

from __future__ import annotations

from gpuspec.catalog import Catalog
from gpuspec.catalog.offer import HeldBack, Offer
from gpuspec.catalog.sanitise import Sanitised, sanitise

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
    fields = {"InstanceType": "gpu_8x_b200_sxm6", "AcceleratorName": "B200", "AcceleratorCount": "8"}
    result = _one("lambda", **fields, Price="0.08")
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


def test_spot_at_the_price_on_demand_is_left_out() -> None:
    """RunPod's rows repeat the price in the column of the spot price."""
    result = _one("runpod", AcceleratorName="L4", Price="0.49", SpotPrice="0.49")
    assert (result.offers[0].price, result.offers[0].spot_price) == (0.49, None)
    assert result.mended == (("spot price that is the price on demand", 1),)


def test_an_auctions_least_bid_is_no_price() -> None:
    fields = {"InstanceType": "h100-80gb.sxm.8x", "AcceleratorName": "H100", "AcceleratorCount": "8"}
    offer = _offer("mithril", **fields, Price="8.0", SpotPrice="8.0")
    assert (offer.gpu, offer.price, offer.spot_price, offer.bid) == ("H100 SXM", None, None, 8.0)
    low = _offer("mithril", InstanceType="a100-80gb.sxm.8x", AcceleratorName="A100", AcceleratorCount="8",
                 Price="0.08", SpotPrice="0.08")  # fmt: skip
    assert (low.gpu, low.bid) == ("A100 80GB SXM4", 0.08)


def test_whose_machines_they_are() -> None:
    assert _offer("vast", AcceleratorName="RTX4090").hosts == "community"
    assert _offer("runpod", InstanceType="1x_L4_SECURE", AcceleratorName="L4").hosts == "secure"
    assert _offer("runpod", InstanceType="1x_L4_COMMUNITY", AcceleratorName="L4").hosts == "community"


def test_rows_in_an_unknown_currency_are_held_back() -> None:
    result = _one("seeweb", InstanceType="ECS1GPU6", AcceleratorName="L4", Price="0.38")
    assert result.offers == ()
    reason = "Seeweb does not say in which currency it asks"
    assert result.held == (HeldBack("seeweb", "ECS1GPU6", "L4", 1, 0.38, reason),)


def test_vasts_instance_types_name_the_card_that_its_rows_cut_short() -> None:
    def gpu(machine: str, written: str) -> str:
        return _offer("vast", InstanceType=machine, AcceleratorName=written, AcceleratorCount="2").gpu

    assert gpu("2x-RTX_4070S_Ti-32-65536", "RTX4070") == "RTX 4070 Ti Super"
    assert gpu("2x-RTX_3060_Ti-32-65536", "RTX3060") == "RTX 3060 Ti"
    assert gpu("2x-RTX_PRO_6000_S-32-65536", "RTXPRO6000S") == "RTX PRO 6000 Blackwell Server"


def test_of_cards_under_one_name_the_smallest_is_counted_on() -> None:
    """SkyPilot asks Vast for "A100 SXM4": what it gets has 40 GB or 80, whatever the row's own machine had."""
    fields = {"InstanceType": "1x-A100_SXM4-32-65536", "AcceleratorName": "A100"}
    assert _offer("vast", **fields, GpuInfo=_info("A100", 1, 81920)).gpu == "A100 40GB SXM4"
    v100 = _offer("vast", InstanceType="1x-Tesla_V100-32-65536", AcceleratorName="V100")
    assert v100.gpu == "V100 16GB"


def test_a_broker_is_read_by_its_sellers() -> None:
    def gpu(machine: str) -> str:
        return _offer("primeintellect", InstanceType=machine, AcceleratorName="L40", AcceleratorCount="8").gpu

    assert gpu("latitude__8xL40_48GB__128__1536") == "L40S"
    assert gpu("hyperstack__8xL40_48GB__252__464") == "L40"


def test_what_clouds_mean_by_a_bare_name() -> None:
    assert _offer("seeweb-in-dollars", AcceleratorName="A100").gpu == "A100 40GB"
    assert (
        _offer("cudo", InstanceType="epyc-genoa-a100-pcie_1x2v4gb", AcceleratorName="A100").gpu
        == "A100 80GB PCIe"
    )
    sxm = _offer("shadeform", InstanceType="lambdalabs_A100-sxm4", AcceleratorName="A100")
    assert sxm.gpu == "A100 40GB SXM4"


def test_words_about_the_machine_are_no_part_of_the_gpus_name() -> None:
    def gpu(written: str) -> str:
        return _offer("hyperstack", InstanceType="n3", AcceleratorName=written).gpu

    assert gpu("A100-80G-PCIe-NVLink") == "A100 80GB PCIe"
    assert gpu("H100-80G-SXM5") == "H100 SXM"
    assert gpu("H100_PCIE_BAREMETAL") == "H100 PCIe"
    assert gpu("A6000_PCIE_LOW_RAM") == "RTX A6000"


def test_names_that_contradict_each_other_are_dropped() -> None:
    said = _one("spheron", InstanceType="gpu_1x_a100_SXM4_us-central-3", AcceleratorName="A100_80G_PCIE")
    assert said.dropped == (("A100_80G_PCIE: the machine's name says SXM", 1),)
    bridged = _one("spheron", InstanceType="n3-H100x8-NVLink__CANADA-1", AcceleratorName="H100_NVL")
    assert [reason for reason, _ in bridged.dropped] == [
        "H100_NVL: the machine's name says NVLink, which is a bridge between PCIe cards"
    ]


def test_what_is_no_gpu_is_one_reason() -> None:
    rows = [{"InstanceType": "m", "AcceleratorName": name, "AcceleratorCount": "1", "Price": "1"}
            for name in ("tpu-v5e", "Inferentia2", "Trainium")]  # fmt: skip
    assert sanitise("aws", rows, CATALOG).dropped == (("no GPU (TPU, Inferentia, …)", 3),)
