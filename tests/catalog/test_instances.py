"""What instance types are. Expected values are copied from the clouds' own pages, named beside them."""

from __future__ import annotations

import pytest

from gpuspec.catalog import Catalog

CATALOG = Catalog()

WHOLE = [
    # Amazon EC2 Instance Types, "Accelerated computing": GPUs, vCPUs, memory in GiB.
    ("p3.2xlarge", "V100 SXM2 16GB", 1, 8, 61),
    ("p3dn.24xlarge", "V100 SXM2 32GB", 8, 96, 768),
    ("p4d.24xlarge", "A100 40GB SXM4", 8, 96, 1152),
    ("p4de.24xlarge", "A100 80GB SXM4", 8, 96, 1152),
    ("p5.4xlarge", "H100 SXM", 1, 16, 256),
    ("p5.48xlarge", "H100 SXM", 8, 192, 2048),
    ("p5e.48xlarge", "H200 SXM", 8, 192, 2048),
    ("p5en.48xlarge", "H200 SXM", 8, 192, 2048),
    ("p6-b200.48xlarge", "B200", 8, 192, 2048),
    ("p6-b300.48xlarge", "B300", 8, 192, 4096),
    ("p6e-gb200.36xlarge", "GB200", 4, 144, 960),
    ("g4dn.xlarge", "T4", 1, 4, 16),
    ("g4dn.metal", "T4", 8, 96, 384),
    ("g5.24xlarge", "A10G", 4, 96, 384),
    ("g5g.16xlarge", "T4g", 2, 64, 128),
    ("g6.16xlarge", "L4", 1, 64, 256),
    ("gr6.8xlarge", "L4", 1, 32, 256),
    ("g6e.48xlarge", "L40S", 8, 192, 1536),
    ("g7.12xlarge", "RTX PRO 4500 Blackwell Server", 2, 48, 192),
    ("g7e.48xlarge", "RTX PRO 6000 Blackwell Server", 8, 192, 2048),
    # Google Cloud, "Accelerator-optimized machine family".
    ("a2-megagpu-16g", "A100 40GB SXM4", 16, 96, 1360),
    ("a2-ultragpu-1g", "A100 80GB SXM4", 1, 12, 170),
    ("a3-highgpu-1g", "H100 SXM", 1, 26, 234),
    ("a3-megagpu-8g", "H100 SXM", 8, 208, 1872),
    ("g2-standard-24", "L4", 2, 24, 96),
    ("g4-standard-48", "RTX PRO 6000 Blackwell Server", 1, 48, 180),
    # Microsoft Learn, "GPU accelerated VM sizes", each series' page.
    ("Standard_NC16as_T4_v3", "T4", 1, 16, 110),
    ("Standard_NV36ads_A10_v5", "A10", 1, 36, 440),
    ("Standard_NV72ads_A10_v5", "A10", 2, 72, 880),
    ("Standard_NC96ads_A100_v4", "A100 80GB PCIe", 4, 96, 880),
    ("Standard_ND96asr_v4", "A100 40GB SXM4", 8, 96, 900),
    ("Standard_NC80adis_H100_v5", "H100 NVL", 2, 80, 640),
    ("Standard_NCC40ads_H100_v5", "H100 NVL", 1, 40, 320),
    ("Standard_ND96isr_H100_v5", "H100 SXM", 8, 96, 1900),
    ("Standard_ND96isr_H200_v5", "H200 SXM", 8, 96, 1850),
    ("Standard_ND96isr_MI300X_v5", "MI300X", 8, 96, 1850),
    ("Standard_ND128isr_NDR_GB200_v6", "GB200", 4, 128, 900),
    ("Standard_NG32ads_V620_v1", "Radeon Pro V620", 1, 32, 64),
    ("Standard_NV24ads_V710_v5", "Radeon Pro V710", 1, 24, 128),
    # Oracle, "Compute Shapes": OCPUs, of which each is two vCPUs.
    ("BM.GPU.A10.4", "A10", 4, 2 * 64, 1024),
    ("BM.GPU.H200.8", "H200 SXM", 8, 2 * 112, 3072),
    ("BM.GPU.MI355X.8", "MI355X", 8, 2 * 128, 3072),
]
PARTS = [
    # AWS: G6f has an eighth to half of an L4, 3 to 12 GB.
    ("g6f.large", "an eighth of an L4 (3 GB)"),
    ("gr6f.4xlarge", "half of an L4 (12 GB)"),
    # GCP: G4, 1/4 of a GPU, 24 GB.
    ("g4-standard-12", "a quarter of an RTX PRO 6000 Blackwell Server (24 GB)"),
    # Azure's tables of accelerators: "1/6 | 4", "1/3 | 8", "1/4 | 8", "1/2 | 12".
    ("Standard_NV6ads_A10_v5", "a sixth of an A10 (4 GB)"),
    ("Standard_NV8ads_V710_v5", "a third of a Radeon Pro V710 (8 GB)"),
    ("Standard_NG8ads_V620_v1", "a quarter of a Radeon Pro V620 (8 GB)"),
    ("Standard_NV12ads_V710_v5", "half of a Radeon Pro V710 (12 GB)"),
]


@pytest.mark.parametrize(("name", "gpu", "number", "vcpus", "ram"), WHOLE)
def test_the_clouds_pages(name: str, gpu: str, number: int, vcpus: int, ram: int) -> None:
    found = CATALOG.instances[name.lower()]
    assert (found.name, found.gpu, found.gpu_count) == (name, gpu, number)
    assert (found.vcpus, found.ram_gib) == (vcpus, ram)
    match = CATALOG.resolve_gpu(name)
    assert match.gpu is not None
    assert (match.gpu.name, match.gpu_count, match.note) == (gpu, number, "")


@pytest.mark.parametrize(("name", "words"), PARTS)
def test_a_part_of_a_gpu_is_not_the_gpu(name: str, words: str) -> None:
    match = CATALOG.resolve_gpu(name)
    assert (match.gpu, match.accepts, match.note) == (None, (), words)
    found = CATALOG.instances[name.lower()]
    memory = float(words.rpartition("(")[2].removesuffix(" GB)"))
    assert found.refusal(CATALOG.gpus_by_name[found.gpu].vram_gb) == words
    assert memory < CATALOG.gpus_by_name[found.gpu].vram_gb


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("p5e.48xlarge", "by reservation only (capacity blocks)"),
        ("p2.xlarge", "retired"),
        ("Standard_NC6s_v3", "retired on 2025-09-30"),  # Microsoft's list of retired sizes: 30/9/25
        ("Standard_NV12s_v3", "retired on 2026-09-30"),  # the same: 09/30/26
        ("Standard_NV4as_v4", "retired on 2026-09-30"),
        ("Standard_NC128ds_xl_RTXPRO6000BSE_v6", "a size of a preview, which no longer starts"),
        ("Standard_ND96is_noIB_H100_v5", "a size that the cloud's pages do not have"),
        ("inf2.48xlarge", "AWS Inferentia2, no GPU"),
        ("Standard_NP40s", "an FPGA (Xilinx U250), no GPU"),
        ("p5.48xlarge", ""),
        ("a3-highgpu-1g", ""),
    ],
)
def test_what_is_no_offer_says_why(name: str, why: str) -> None:
    assert CATALOG.instances[name.lower()].refusal(96) == why


def test_three_sizes_of_gcp_are_rented_as_spot_only() -> None:
    """Google: a3-highgpu of 1, 2 and 4 GPUs are for spot and flex-start."""
    spot = {found.name for found in CATALOG.instances.values() if found.spot_only}
    assert spot == {"a3-highgpu-1g", "a3-highgpu-2g", "a3-highgpu-4g"}


def test_a_family_of_no_gpus_covers_its_sizes_and_one_of_gpus_does_not() -> None:
    assert CATALOG.resolve_gpu("trn1.32xlarge").note == "AWS Trainium, no GPU"
    assert "trn1.96xlarge" in CATALOG.instances
    assert "g5.96xlarge" not in CATALOG.instances
    assert CATALOG.resolve_gpu("g5.96xlarge").gpu is None


def test_every_line_is_whole() -> None:
    seen = set()
    for found in CATALOG.instances.values():
        seen.add(found.status.partition(" ")[0])
        assert found.gpu in CATALOG.gpus_by_name or (found.gpu == "" and found.status)
        assert found.number in {"", "?", "1/8", "1/6", "1/4", "1/3", "1/2"} or int(found.number) in range(
            1, 17
        )
        assert found.refusal(24) == "" or not found.spot_only
    assert seen == {"", "reserved", "spot", "retired", "preview", "unlisted", "no-gpu"}
