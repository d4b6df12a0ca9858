"""GPU names in every vocabulary. Expected values are the vendors' and clouds' own product pages."""

from __future__ import annotations

import pytest

from gpuspec.catalog import Catalog
from gpuspec.catalog.shipped import read_gpu

CATALOG = Catalog()

CORPUS = {
    # The GPU spellings of real gpu.jsonc files, and of the cost guide's table.
    "NVIDIA A100 80GB PCIe": "A100 80GB PCIe",
    "NVIDIA A100-SXM4-80GB": "A100 80GB SXM4",
    "NVIDIA A40": "A40",
    "NVIDIA GeForce RTX 3090": "RTX 3090",
    "NVIDIA GeForce RTX 4090": "RTX 4090",
    "NVIDIA L40S": "L40S",
    "NVIDIA RTX 6000 Ada Generation": "RTX 6000 Ada",
    "NVIDIA RTX A4000": "RTX A4000",
    "NVIDIA RTX A5000": "RTX A5000",
    "NVIDIA RTX A6000": "RTX A6000",
    "NVIDIA L4": "L4",
    "A100 PCIe 80GB": "A100 80GB PCIe",
    "RTX 4090": "RTX 4090",
    "RTX 4070 Ti": "RTX 4070 Ti",
    "H100 PCIe": "H100 PCIe",
    "H200": "H200 SXM",
}
OTHERS = {
    # SkyPilot
    "RTX4090": "RTX 4090", "RTXA6000": "RTX A6000", "A6000": "RTX A6000", "RTX6000-Ada": "RTX 6000 Ada",
    "RTX6000Ada": "RTX 6000 Ada", "A100-80GB": "A100 80GB", "A100-80GB-SXM": "A100 80GB SXM4",
    "H100-SXM": "H100 SXM", "H100-NVL": "H100 NVL", "H200-SXM": "H200 SXM", "V100-32GB": "V100 32GB",
    "RTX4000-Ada": "RTX 4000 Ada", "RTX2000-Ada": "RTX 2000 Ada", "T4g": "T4g",
    "RTXPRO6000": "RTX PRO 6000 Blackwell", "RTX 6000 Pro": "RTX PRO 6000 Blackwell",
    "RTX 4060 Ti 16GB": "RTX 4060 Ti 16GB",
    "NVIDIA RTX 4000 SFF Ada Generation": "RTX 4000 SFF Ada", "Radeon RX 7900 XTX": "RX 7900 XTX", "H800": "H800",
    "RTXPRO6000-WK": "RTX PRO 6000 Blackwell Workstation", "Radeon MI25": "MI25", "Gaudi HL-205": "Gaudi 1",
    "H100-MEGA": "H100 SXM", "NVIDIA-H200-NVL": "H200 NVL", "A10G": "A10G", "K80": "K80", "P100": "P100 16GB",
    # dstack, Vast, Lambda, nvidia-smi, k8s labels
    "A100:80GB:2": "A100 80GB", "RTX_4090": "RTX 4090", "RTX_6000Ada": "RTX 6000 Ada", "H100_SXM": "H100 SXM",
    "RTX PRO 6000 WS": "RTX PRO 6000 Blackwell Workstation", "Tesla T4": "T4", "nvidia-tesla-t4": "T4",
    "NVIDIA-A100-SXM4-40GB": "A100 40GB SXM4", "NVIDIA H100 80GB HBM3": "H100 SXM", "NVIDIA H100 PCIe": "H100 PCIe",
    "Tesla V100-SXM2-16GB": "V100 SXM2 16GB", "Quadro RTX 6000": "Quadro RTX 6000", "NVIDIA TITAN RTX": "Titan RTX",
    "NVIDIA GeForce RTX 3080 Ti": "RTX 3080 Ti", "NVIDIA B200": "B200", "NVIDIA GH200 480GB": "GH200",
    "gpu_1x_a10": "A10", "gpu_1x_a100_sxm4": "A100 40GB SXM4", "gpu_8x_a100_80gb_sxm4": "A100 80GB SXM4",
    "gpu_1x_h100_pcie": "H100 PCIe", "gpu_1x_rtx6000": "Quadro RTX 6000",
    # AWS, GCP, Azure
    "p4d.24xlarge": "A100 40GB SXM4", "p4de.24xlarge": "A100 80GB SXM4", "p5.48xlarge": "H100 SXM", "p5": "H100 SXM",
    "p5en.48xlarge": "H200 SXM", "g5.xlarge": "A10G", "g5.*": "A10G", "g6.12xlarge": "L4", "g6e.2xlarge": "L40S",
    "g4dn.xlarge": "T4", "p3.2xlarge": "V100 SXM2 16GB", "p3dn.24xlarge": "V100 SXM2 32GB",
    "a2-highgpu-1g": "A100 40GB SXM4", "a2-ultragpu-8g": "A100 80GB SXM4", "a3-highgpu-8g": "H100 SXM",
    "g2-standard-48": "L4", "nvidia-l4": "L4", "nvidia-h100-80gb": "H100 SXM", "nvidia-tesla-a100": "A100 40GB SXM4",
    "Standard_NC24ads_A100_v4": "A100 80GB PCIe", "Standard_ND96isr_H100_v5": "H100 SXM",
    "Standard_NC40ads_H100_v5": "H100 NVL", "Standard_NC4as_T4_v3": "T4",
    # as people type
    "4090": "RTX 4090", "rtx 4090": "RTX 4090", "RTX-4090": "RTX 4090", "geforce rtx 5090": "RTX 5090",
    "a100-40gb": "A100 40GB", "L40S 48GB": "L40S", "MI300X": "MI300X", "AMD Instinct MI300X OAM": "MI300X",
    "a40": "A40", "RTX 3090 Ti": "RTX 3090 Ti", "4080 super": "RTX 4080 Super",
}  # fmt: skip


def test_the_list_is_as_long_as_promised() -> None:
    assert len(CORPUS) == 16
    assert len(OTHERS) >= 64


@pytest.mark.parametrize(("written", "name"), [*CORPUS.items(), *OTHERS.items()])
def test_resolves(written: str, name: str) -> None:
    match = CATALOG.resolve_gpu(written)
    assert match.gpu is not None
    assert match.gpu.name == name
    assert match.ambiguous == ()
    assert name in match.accepts


def test_every_canonical_name_means_itself() -> None:
    names = [gpu.name for gpu in CATALOG.gpus]
    names.remove("H100 80GB")  # the one family whose forms differ too much to be taken as one
    assert len(names) > 100
    written = {each: name for name in names for each in (name, name.upper().replace(" ", "_"))}
    found = {each: CATALOG.resolve_gpu(each).gpu for each in written}
    assert {each: gpu.name if gpu else None for each, gpu in found.items()} == written


@pytest.mark.parametrize("written", ["H100 80GB", "H100_80GB"])
def test_the_forms_of_an_h100_are_not_taken_as_one(written: str) -> None:
    ambiguous = CATALOG.resolve_gpu(written).ambiguous
    assert [gpu.name for gpu in ambiguous] == ["H100 SXM", "H100 PCIe"]


@pytest.mark.parametrize(
    ("written", "names"),
    [
        ("A100", ["A100 40GB", "A100 80GB"]),
        ("H100", ["H100 SXM", "H100 PCIe", "H100 NVL"]),
        ("H100-80GB", ["H100 SXM", "H100 PCIe"]),
        ("V100", ["V100 16GB", "V100 32GB"]),
        ("RTX 4060 Ti", ["RTX 4060 Ti 16GB", "RTX 4060 Ti 8GB"]),
        ("RTX 6000", ["Quadro RTX 6000", "RTX 6000 Ada", "RTX PRO 6000 Blackwell"]),
        ("NVIDIA H100", ["H100 SXM", "H100 PCIe", "H100 NVL"]),
        ("A100 SXM4", ["A100 80GB SXM4", "A100 40GB SXM4"]),
        ("8x H100", ["H100 SXM", "H100 PCIe", "H100 NVL"]),
    ],
)
def test_ambiguity_is_said(written: str, names: list[str]) -> None:
    match = CATALOG.resolve_gpu(written)
    assert match.gpu is None
    assert [gpu.name for gpu in match.ambiguous] == names


@pytest.mark.parametrize(
    "written",
    [
        "RTX 4900", "RTX 409", "RTX 40900", "H1000", "H10", "A1000", "A101", "L41", "L400S", "T44", "B2000",
        "V1000", "RTX", "A", "100", "4", "x", "4x", ":4", "x4", "CPU", "cpu", "gpu", "GPU:1", "", " ", "none",
        "any", "Xeon", "TPU", "tpu-v5litepod-8", "m5.xlarge", "n1-standard-8", "Standard_D4s_v5", "cpu_4x_general",
        "RTX 4090 48GB", "A100 60GB", "L4 80GB", "ＲＴＸ 4090", "RTX 409０", "Ａ100", "A100‑80GB", "Н100",
        "RTX 4090\n4090", "A100:0", "A100:-1", "A100:1e3", "RTX 4090;", "../A100", "A100 or H100", "A" * 200,
    ],
)  # fmt: skip
def test_resolves_to_nothing(written: str) -> None:
    match = CATALOG.resolve_gpu(written)
    assert match.gpu is None
    assert match.ambiguous == ()
    assert match.accepts == ()


@pytest.mark.parametrize(
    ("typo", "meant"),
    [
        ("RTX 4900", "RTX 4090"), ("RTX 409", "RTX 4090"), ("RXT 4090", "RTX 4090"), ("A10O-80GB", "A100 80GB"),
        ("L40SS", "L40S"), ("H20O", "H200 SXM"), ("RTXA600", "RTX A6000"), ("NVIDIA RTX A500", "RTX A5000"),
        ("MI300", "MI300X"), ("GH20O", "GH200"), ("RTX 6000 Adda", "RTX 6000 Ada"), ("H1000", "H100 SXM"),
    ],
)  # fmt: skip
def test_typo_suggests(typo: str, meant: str) -> None:
    assert meant in CATALOG.resolve_gpu(typo).suggestions


@pytest.mark.parametrize(
    ("written", "number"),
    [
        ("A100-80GB:4", 4), ("8x H100 SXM", 8), ("8xH100-SXM", 8), ("RTX 4090 x2", 2), ("A100:80GB:2", 2),
        ("p4d.24xlarge", 8), ("g5.12xlarge", 4), ("g2-standard-24", 2), ("Standard_NC96ads_A100_v4", 4),
        ("gpu_4x_a6000", 4), ("p5", None), ("RTX 4090", None),
    ],
)  # fmt: skip
def test_number_inside_the_name(written: str, number: int | None) -> None:
    match = CATALOG.resolve_gpu(written)
    assert match.gpu is not None
    assert match.gpu_count == number


def test_old_spelling_names_the_new_one() -> None:
    assert CATALOG.resolve_gpu("Quadro RTX A6000").deprecated == "RTX A6000"
    assert CATALOG.resolve_gpu("RTX A6000").deprecated is None


def test_a_family_accepts_each_of_its_forms() -> None:
    assert set(CATALOG.resolve_gpu("A100-80GB").accepts) == {"A100 80GB", "A100 80GB PCIe", "A100 80GB SXM4"}
    assert set(CATALOG.resolve_gpu("A100 80GB PCIe").accepts) == {"A100 80GB PCIe"}
    assert "H100 80GB" in CATALOG.resolve_gpu("H100").accepts


def test_a_gpu_read_alone_is_the_one_of_the_list() -> None:
    whole = Catalog()
    assert len(whole.gpus) > 90
    for gpu in whole.gpus:
        assert read_gpu(gpu.name) == gpu
        # One Catalog has read the list, the other has not and decodes one line.
        assert Catalog().resolve_gpu(gpu.name) == whole.resolve_gpu(gpu.name)
    assert read_gpu("RTX 4091") is None
