"""The table of prices that ships, against rows of its sources. Every number was copied from the row by hand."""

from __future__ import annotations

import pytest

from gpuspec.catalog import Catalog, Offer

OFFERS = Catalog().offers()

ON_DEMAND = [  # hyperscalers.csv and marketplaces.csv, copied 2026-11-29
    ("aws", "g4dn.xlarge", "us-east-1", "T4", 1, 0.526),
    ("aws", "g5.xlarge", "us-east-1", "A10G", 1, 1.006),
    ("aws", "g6.xlarge", "us-east-1", "L4", 1, 0.8048),
    ("aws", "g6e.xlarge", "us-east-1", "L40S", 1, 1.861),
    ("aws", "p3.2xlarge", "us-east-1", "V100 SXM2 16GB", 1, 3.06),
    ("aws", "p4d.24xlarge", "us-east-1", "A100 40GB SXM4", 8, 21.957642),
    ("aws", "p5.48xlarge", "us-east-1", "H100 SXM", 8, 55.04),
    ("azure", "Standard_NC4as_T4_v3", "eastus", "T4", 1, 0.526),
    ("azure", "Standard_NC4as_T4_v3", "westeurope", "T4", 1, 0.658),
    ("azure", "Standard_NC24ads_A100_v4", "eastus", "A100 80GB PCIe", 1, 3.673),
    ("azure", "Standard_ND96isr_H100_v5", "eastus", "H100 SXM", 8, 98.32),
    ("oci", "VM.GPU.A10.1", "us-ashburn-1", "A10", 1, 2.0),
    ("oci", "BM.GPU.H100.8", "eu-frankfurt-1", "H100 SXM", 8, 80.0),
    ("oci", "BM.GPU.MI300X.8", "us-chicago-1", "MI300X", 8, 48.0),
    ("oci", "BM.GPU4.8", "uk-london-1", "A100 40GB SXM4", 8, 24.4),
    ("runpod", "1x_RTX4090_SECURE", "US", "RTX 4090", 1, 0.74),
    ("runpod", "1x_A100-80GB_SECURE", "CA", "A100 80GB PCIe", 1, 1.39),
    ("runpod", "8x_H100-SXM_SECURE", "NL", "H100 SXM", 8, 26.32),
    ("runpod", "1x_L4_SECURE", "SE", "L4", 1, 0.49),
    ("runpod", "1x_MI300X_SECURE", "RO", "MI300X", 1, 2.39),
    ("lambda", "gpu_1x_a10", "us-east-1", "A10", 1, 1.29),
    ("lambda", "gpu_1x_h100_pcie", "us-west-3", "H100 PCIe", 1, 3.29),
    ("lambda", "gpu_8x_b200_sxm6", "us-south-2", "B200", 8, 53.52),
    ("lambda", "gpu_1x_gh200", "us-east-3", "GH200", 1, 2.29),
    ("vast", "1x-RTX_4090-32-65536", "Germany, DE, EU", "RTX 4090", 1, 0.40),
    ("vast", "8x-H100_SXM-32-65536", "Vietnam, VN, AS", "H100 SXM", 8, 16.00),
    ("shadeform", "denvr_A100-sxm4-80GB", "houston-usa-1", "A100 80GB SXM4", 1, 1.5),
    ("hyperbolic", "1x-H100-75-722", "default", "H100 SXM", 1, 1.29),
    ("cudo", "sapphire-rapids-h100_1x2v4gb", "no-kristiansand-1", "H100 SXM", 1, 1.8214),
    ("yotta", "8x240v920g_NVIDIA_GeForce_RTX_5090_32G_SECURE", "us-central-2", "RTX 5090", 8, 5.2),
    ("do", "gpu-h100x8-640gb", "tor1", "H100 SXM", 8, 47.60),
    ("fluidstack", "A100_PCIE_80GB::2", "GERMANY", "A100 80GB PCIe", 2, 3.6),
]

BOTH = [
    ("gcp", "g2-standard-4", "us-central1", "L4", 1, 0.706832255, 0.397336),
    ("gcp", "a2-highgpu-1g", "us-central1", "A100 40GB SXM4", 1, 3.673385, 1.92802),
    ("gcp", "a3-highgpu-8g", "us-central1", "H100 SXM", 8, 88.4899999, 50.60954082),
    ("oci", "VM.GPU3.1", "us-ashburn-1", "V100 SXM2 16GB", 1, 2.95, 1.475),
    ("nebius", "gpu-h200-sxm_8gpu-128vcpu-1600gb", "us-central1", "H200 SXM", 8, 28.0, 11.6),
    ("verda", "1H100.80S.32V", "FIN-02", "H100 SXM", 1, 2.29, 0.8015),
]


def _only(cloud: str, instance: str, region: str) -> Offer:
    (offer,) = [
        each for each in OFFERS if (each.cloud, each.instance, each.region) == (cloud, instance, region)
    ]
    return offer


@pytest.mark.parametrize(("cloud", "instance", "region", "gpu", "number", "price"), ON_DEMAND)
def test_a_price_on_demand(
    cloud: str, instance: str, region: str, gpu: str, number: int, price: float
) -> None:
    offer = _only(cloud, instance, region)
    assert (offer.gpu, offer.gpu_count, offer.price, offer.spot_price) == (
        gpu,
        number,
        pytest.approx(price),
        None,
    )


@pytest.mark.parametrize(("cloud", "instance", "region", "gpu", "number", "price", "spot"), BOTH)
def test_a_price_on_demand_and_a_spot_price(
    cloud: str, instance: str, region: str, gpu: str, number: int, price: float, spot: float
) -> None:
    offer = _only(cloud, instance, region)
    assert (offer.gpu, offer.gpu_count) == (gpu, number)
    assert (offer.price, offer.spot_price) == (pytest.approx(price), pytest.approx(spot))


def test_a_spot_row_of_a_broker_has_no_price_on_demand() -> None:
    offer = _only("primeintellect", "datacrunch__1xH200_141GB__44__182__SPOT", "IS")
    assert (offer.gpu, offer.price, offer.spot_price) == ("H200 SXM", None, 0.94)


def test_an_auctions_bids_are_no_prices() -> None:
    offer = _only("mithril", "h100-80gb.sxm.8x", "us-central2-a")
    assert (offer.gpu, offer.gpu_count, offer.price, offer.spot_price, offer.bid) == (
        "H100 SXM",
        8,
        None,
        None,
        8.0,
    )


def test_runpods_pods_between_those_of_the_file() -> None:
    """The file has 1 × RTX 4090 for $0.74 and 8 for $5.92; 10 × RTX A4000 for $2.50, and no other number."""
    assert _only("runpod", "4x_RTX4090_SECURE", "US").price == pytest.approx(2.96)
    assert _only("runpod", "1x_RTXA4000_SECURE", "US").price == pytest.approx(0.25)
    assert _only("runpod", "10x_RTXA4000_SECURE", "US").price == pytest.approx(2.5)


def test_what_nothing_can_be_rented_from_is_for_comparison() -> None:
    known = {source.name: source for source in Catalog().price_sources}
    for cloud in ("hyperstack", "jarvislabs", "lium", "spheron"):
        assert not known[f"skypilot-{cloud}"].rentable
        assert not [each for each in OFFERS if each.cloud == cloud]


def test_seewebs_rows_are_held_back_with_the_reason() -> None:
    (seeweb,) = [source for source in Catalog().price_sources if source.name == "skypilot-seeweb"]
    assert len(seeweb.held) == 27
    assert {each.reason for each in seeweb.held} == {"Seeweb does not say in which currency it asks"}
    assert not [each for each in OFFERS if each.cloud == "seeweb"]


def test_whose_machines_they_are() -> None:
    assert {each.cloud for each in OFFERS if each.hosts == "community"} == {"vast"}
