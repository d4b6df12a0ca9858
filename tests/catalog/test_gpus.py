"""GPU facts, against the vendors' published figures."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from gpuspec.catalog import Catalog, Gpu
from gpuspec.catalog.shipped import DATA, read_gpu

CATALOG = Catalog()


def _gpu(name: str) -> Gpu:
    gpu = CATALOG.resolve_gpu(name).gpu
    assert gpu is not None
    return gpu


def test_every_row_is_complete_enough_and_sourced() -> None:
    names = [gpu.name for gpu in CATALOG.gpus]
    assert len(names) == len(set(names)) >= 90
    assert list(CATALOG.gpus) == sorted(CATALOG.gpus, key=lambda gpu: (gpu.vram_gb, gpu.name))
    for gpu in CATALOG.gpus:
        assert gpu.sources
        assert 4 <= gpu.vram_gb <= 300
        assert gpu.vendor in ("nvidia", "amd", "intel")
        assert not gpu.fp8 or gpu.bf16
        assert not gpu.fp4 or gpu.fp8


@pytest.mark.parametrize(
    ("name", "vram", "bandwidth", "fp16"),
    [  # NVIDIA and AMD data sheets, dense
        ("T4", 16, 320, 65), ("L4", 24, 300, 121), ("RTX 4090", 24, 1008, 165.2), ("L40S", 48, 864, 362),
        ("A100 80GB SXM4", 80, 2039, 312), ("H100 SXM", 80, 3350, 989), ("H100 NVL", 94, 3900, 835.5),
        ("H200 SXM", 141, 4800, 989), ("B200", 180, 8000, 2250), ("MI300X", 192, 5300, 1307),
    ],
)  # fmt: skip
def test_data_sheet(name: str, vram: float, bandwidth: float, fp16: float) -> None:
    gpu = _gpu(name)
    assert (gpu.vram_gb, gpu.bandwidth_gbs, gpu.fp16_tflops) == (vram, bandwidth, fp16)


@pytest.mark.parametrize(
    ("name", "bf16", "fp8", "fp4"),
    [  # compute capability: bf16 from 8.0, FP8 from 8.9, FP4 from 10.0
        ("V100 SXM2 16GB", False, False, False), ("T4", False, False, False), ("A100 80GB PCIe", True, False, False),
        ("RTX 3090", True, False, False), ("L4", True, True, False), ("H100 SXM", True, True, False),
        ("B200", True, True, True), ("RTX 5090", True, True, True),
    ],
)  # fmt: skip
def test_features_follow_the_generation(name: str, bf16: bool, fp8: bool, fp4: bool) -> None:
    gpu = _gpu(name)
    assert (gpu.bf16, gpu.fp8, gpu.fp4) == (bf16, fp8, fp4)


def test_the_memory_that_programs_see() -> None:
    assert _gpu("H200").vram_gib == pytest.approx(143771 / 1024)  # nvidia-smi shows 143,771 MiB
    assert _gpu("T4").vram_gib == 14.56  # vLLM log
    assert _gpu("RTX 3090").vram_gib == 23.69  # "has a total capacity of 23.69 GiB": vllm-project/vllm#2140
    assert _gpu("MI300X").vram_gib == 192  # never recorded here: the vendor's figure


def test_rows_of_the_file_are_in_order_begin_with_the_name_and_cite_known_sources() -> None:
    """`read_gpu` finds a row by its name, which therefore comes first."""
    head, *lines = (Path(DATA) / "gpus.jsonl").read_text(encoding="utf-8").splitlines()
    sources = set(json.loads(head)["sources"])
    rows = [json.loads(line) for line in lines]
    for row in rows:
        assert next(iter(row)) == "name"
        assert row["sources"], row["name"]
        # one with spaces is a citation in words
        assert [each for each in row["sources"] if each not in sources and " " not in each] == [], row["name"]
        assert read_gpu(row["name"]) == CATALOG.gpus_by_name[row["name"]]
    assert rows == sorted(rows, key=lambda row: (row["vram_gb"], row["name"]))


def test_a_family_promises_no_more_than_its_least_form() -> None:
    for gpu in CATALOG.gpus:
        for name in gpu.variants:
            form = _gpu(name)
            assert form.vram_gb == gpu.vram_gb
            assert (gpu.bandwidth_gbs or 0) <= (form.bandwidth_gbs or 0)
            assert (gpu.fp16_tflops or 0) <= (form.fp16_tflops or 0)


def test_alias_of_a_vocabulary() -> None:
    assert _gpu("RTX 4090").alias("runpod") == "NVIDIA GeForce RTX 4090"
    assert _gpu("RTX A6000").alias("skypilot") == "RTXA6000"
    assert _gpu("RTX 4090").alias("nothing") is None
