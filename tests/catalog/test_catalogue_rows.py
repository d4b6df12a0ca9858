"""Rows of SkyPilot's files as they are: the headers are those of catalogs/v8 of skypilot-org/skypilot-catalog, where
GCP's rows are from 006059e and RunPod's from 01acdfd; prices of AWS and Azure are their list prices."""

from __future__ import annotations

from collections.abc import Iterable

import pytest

from gpuspec.catalog import Catalog, Offer, catalogue_rows
from gpuspec.catalog.catalogue_rows import Row, read_rows
from gpuspec.catalog.gpu_rows import gpu_rows
from gpuspec.catalog.sanitise import Sanitised, sanitise

AWS = (
    "InstanceType,AcceleratorName,AcceleratorCount,vCPUs,MemoryGiB,GpuInfo,Price,SpotPrice,Region,AvailabilityZone,"
    "Arch,LocalDiskType,NVMeSupported,LocalDiskSize,LocalDiskCount,MaximumEfaInterfaces\n"
)
AZURE = "InstanceType,AcceleratorName,AcceleratorCount,vCPUs,MemoryGiB,GpuInfo,Price,SpotPrice,Region,Generation\n"
GCP = (
    "InstanceType,vCPUs,MemoryGiB,AcceleratorName,AcceleratorCount,GpuInfo,Region,AvailabilityZone,Price,"
    "SpotPrice\n"
)
RUNPOD = (
    "InstanceType,AcceleratorName,AcceleratorCount,vCPUs,MemoryGiB,Region,SpotPrice,Price,AvailabilityZone,"
    "GpuInfo\n"
)
CATALOG = Catalog()


def _rows(cloud: str, text: str) -> list[Row]:
    return gpu_rows(cloud, read_rows(text.encode())).rows


def _sold(cloud: str, text: str) -> Sanitised:
    return sanitise(cloud, _rows(cloud, text), CATALOG)


def _prices(offers: Iterable[Offer]) -> dict[tuple[str, str | None], tuple[float | None, float | None]]:
    return {(offer.instance, offer.region): (offer.price, offer.spot_price) for offer in offers}


def test_aws_has_a_row_a_zone_and_one_offer_a_region() -> None:
    tail = "x86_64,SSD,required,125,1,"
    info = "\"{'Gpus': [{'Name': 'T4', 'Manufacturer': 'NVIDIA', 'Count': 1, 'MemoryInfo': {'SizeInMiB': 16384}}]}\""
    found = _sold("aws", (
        f"{AWS}a1.large,,,2.0,4.0,,0.051,0.019000,us-east-2,use2-az2,arm64,,,,,\n"
        f"g4dn.xlarge,T4,1.0,4.0,16.0,{info},0.526,0.231500,us-east-1,use1-az1,{tail}\n"
        f"g4dn.xlarge,T4,1.0,4.0,16.0,,0.526,0.208100,us-east-1,use1-az2,{tail}\n"
        f"g4dn.xlarge,T4,1.0,4.0,16.0,,0.526,,us-east-1,use1-az3,{tail}\n"
        f"g4dn.xlarge,T4,1.0,4.0,16.0,,0.71,0.300000,ap-northeast-1,apne1-az1,{tail}\n"
        # A sixteenth of a GPU, a machine that only reservations get, and one without a GPU.
        f"g6f.large,L4,0.125,2.0,8.0,,0.202,,us-east-1,use1-az1,{tail}\n"
        f"p5e.48xlarge,H200,8.0,192.0,2048.0,,,,us-east-1,use1-az1,{tail}\n"
        f"inf2.xlarge,Inferentia,1.0,4.0,16.0,,0.7582,,us-east-1,use1-az1,{tail}\n"
    ))  # fmt: skip
    assert _prices(found.offers) == {
        ("g4dn.xlarge", "us-east-1"): (0.526, 0.2081),
        ("g4dn.xlarge", "ap-northeast-1"): (0.71, 0.3),
    }
    assert sum(rows for _, rows in found.dropped) == 3


def test_azure_sells_parts_of_a_gpu() -> None:
    found = _sold("azure", (
        f"{AZURE}Standard_NC4as_T4_v3,T4,1.0,4.0,28.0,,0.526,0.2104,eastus,V2\n"
        "Standard_NV6ads_A10_v5,A10,0.167,6.0,55.0,,0.454,0.0908,eastus,V2\n"
        "Standard_ND96isr_H100_v5,H100,8.0,96.0,1900.0,,98.32,0.0,eastus,V2\n"
    ))  # fmt: skip
    prices = _prices(found.offers)
    assert prices["Standard_NC4as_T4_v3", "eastus"] == (0.526, 0.2104)
    assert prices["Standard_ND96isr_H100_v5", "eastus"] == (98.32, None)  # a spot price of 0 is none
    assert ("Standard_NV6ads_A10_v5", "eastus") not in prices
    assert sum(rows for _, rows in found.dropped) == 1


def test_gcp_prices_a_machine_and_its_gpus_in_two_rows() -> None:
    """The sums are what Google's pages say: $3.67 for an a2-highgpu-1g in Iowa."""
    zone = "us-central1,us-central1-a"
    text = (
        f"{GCP}a2-highgpu-1g,12.0,85.0,,,,{zone},0.73948,0.36975\n"
        f"a2-highgpu-1g,12.0,85.0,,,,us-central1,us-central1-b,0.73948,0.36975\n"
        f"g2-standard-4,4.0,16.0,,,,{zone},0.14683,0.0587\n"
        f"g2-standard-24,24.0,96.0,,,,{zone},0.88099,0.3524\n"
        f",,,A100,1.0,\"{{'Gpus': [{{'MemoryInfo': {{'SizeInMiB': 40960}}}}]}}\",{zone},2.93391,1.55827\n"
        f",,,A100,2.0,,{zone},5.86781,3.11654\n"
        f",,,L4,1.0,,{zone},0.56,0.33865\n"
        f",,,L4,2.0,,{zone},1.12,0.6773\n"
        f",,,tpu-v6e-1,1,tpu-v6e-1,{zone},2.7,0.54421\n"
        f",,,tpu-v5p-1024,1,tpu-v5p-1024,{zone},2150.4,427.87891\n"
    )
    rows = gpu_rows("gcp", read_rows(text.encode()))
    assert dict(rows.dropped) == {
        "no GPU (TPU, Inferentia, …)": 2,
        "a GPU whose machine has no price in its zone": 1,  # two A100
    }
    found = _prices(sanitise("gcp", rows.rows, CATALOG).offers)
    assert {machine: price for (machine, _), price in found.items()} == {
        "a2-highgpu-1g": (pytest.approx(3.67339), pytest.approx(1.92802)),
        "g2-standard-4": (pytest.approx(0.70683), pytest.approx(0.39735)),
        "g2-standard-24": (pytest.approx(2.00099), pytest.approx(1.0297)),
    }


def test_gcp_attaches_a_t4_to_the_cheapest_machine_that_skypilot_would_take() -> None:
    """4 vCPUs and 16 GiB: an n1-standard-4 has 15."""
    zone = "us-central1,us-central1-a"
    (offer,) = _sold("gcp", (
        f"{GCP}n1-standard-4,4.0,15.0,,,,{zone},0.19,0.04\n"
        f"n1-standard-8,8.0,30.0,,,,{zone},0.38,0.08\n"
        f"n1-highmem-4,4.0,26.0,,,,{zone},0.23664,0.04981\n"
        f"n1-highmem-8,8.0,52.0,,,,us-central1,us-central1-f,0.1,0.1\n"
        f",,,T4,1.0,,{zone},0.35,0.14\n"
    )).offers  # fmt: skip
    assert (offer.instance, offer.gpu, offer.vcpus, offer.ram_gib) == ("n1-highmem-4", "T4", 4, 26)
    assert (offer.price, offer.spot_price) == (pytest.approx(0.58664), pytest.approx(0.18981))


def test_gcp_without_a_spot_price_of_the_machine_has_none() -> None:
    zone = "us-central1,us-central1-a"
    text = f"{GCP}a4-highgpu-8g,224.0,3968.0,,,,{zone},0.0,\n,,,B200,8.0,,{zone},88.0,40.0\n"
    (offer,) = _sold("gcp", text).offers
    assert (offer.instance, offer.price, offer.spot_price) == ("a4-highgpu-8g", 88.0, None)


@pytest.mark.parametrize("number", ["1e999", "-1", "nan", "1e9", "0.5", "x", ""])
def test_gcp_counts_that_are_none(number: str) -> None:
    text = f"{GCP}a2-highgpu-1g,12.0,85.0,,,,here,here-a,1,1\n,,,A100,{number},,here,here-a,2,1\n"
    assert _rows("gcp", text) == []


def test_runpod_has_forty_zones_in_a_dozen_countries() -> None:
    info = "\"{'Gpus': [{'Name': 'A100 PCIe', 'Count': 1, 'MemoryInfo': {'SizeInMiB': 80}}]}\""
    text = RUNPOD + "".join(
        f"1x_A100-80GB_SECURE,A100-80GB,1.0,8.0,117.0,{country},1.39,1.39,{country}-{zone},{info}\n"
        for country in ("CA", "US")
        for zone in range(20)
    )
    found = _sold("runpod", text).offers
    assert [(offer.region, offer.gpu, offer.price) for offer in found] == [
        ("CA", "A100 80GB PCIe", 1.39),
        ("US", "A100 80GB PCIe", 1.39),
    ]


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (b"", "it is empty"),
        (b"\n\n", "it is empty"),
        (b"\xff\xfe\x00", "it is no text"),
        (
            b"<!DOCTYPE html>\n<html></html>\n",
            "its first line does not name InstanceType, .*'<!DOCTYPE html>'",
        ),
        (b"InstanceType,AcceleratorName,Price,Region\nx,A10,1,here\n", "does not name AcceleratorCount"),
        (AZURE.encode() + b"Standard_NC4as_T4_v3,T4,1.0,4.0,28", "it was cut: line 2 has no end"),
        (AZURE.encode() + b"x" * 140_000 + b"\n", "line 2: field larger than field limit"),
        ((AZURE.strip() + ",x" * 200 + "\n").encode(), "it has more than 100 columns"),
        (AZURE.encode() + b"a,b\n" * 4, "it has more than 3 rows"),
    ],
)
def test_what_is_no_price_list_is_said_in_words(
    text: bytes, why: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(catalogue_rows, "MOST_ROWS", 3)
    with pytest.raises(ValueError, match=why):
        list(read_rows(text))
