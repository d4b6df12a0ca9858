"""GS1: the GPU, how many and how large, against arithmetic by hand at made prices: RTX 4090 $0.50 an hour, L40S
$0.80, H100 $2.00. Qwen2.5-7B has 7.62e9 weights, 14.2 GiB in 16 bit."""

from __future__ import annotations

from pathlib import Path

import pytest
from one_rule import found, price_list

from gpuspec.rules.price.no_price_cap import NoPriceCap
from gpuspec.rules.sizing.disk_small import DiskSmall
from gpuspec.rules.sizing.fallback_order import FallbackOrder
from gpuspec.rules.sizing.feature_missing import GpuFeatureMissing
from gpuspec.rules.sizing.host_ram import HostRamSmall
from gpuspec.rules.sizing.min_vram import MinVramOff
from gpuspec.rules.sizing.not_needed import GpuNotNeeded
from gpuspec.rules.sizing.over_provisioned import OverProvisionedGpu
from gpuspec.rules.sizing.too_many import TooManyGpus
from gpuspec.rules.sizing.under_provisioned import UnderProvisionedGpu, _apart
from gpuspec.rules.sizing.unused import GpusUnused
from gpuspec.testing import lint_text

QWEN = "vllm serve Qwen/Qwen2.5-7B-Instruct --max-model-len 4096"


@pytest.fixture
def prices(tmp_path: Path) -> str:
    return price_list(
        tmp_path,
        ("RTX4090", 1, 0.50, None),
        ("RTX4090", 4, 2.00, None),
        ("L40S", 1, 0.80, None),
        ("H100-SXM", 1, 2.00, None),
        ("H100-SXM", 2, 4.00, None),
    )


def test_waste_is_the_share_of_the_bill(prices: str) -> None:
    fields = {"task": "interactive", "gpu_types": ["H100 SXM"], "run": QWEN}
    (one,) = found(OverProvisionedGpu, fields, prices=prices)
    assert "RTX 4090 at $0.50/h does" in one.message
    assert one.message.endswith("(75 % less an hour)")  # 1 - 0.50 / 2.00
    assert one.saving
    assert (one.saving.per_hour, one.saving.per_month) == (1.5, None)  # nobody works with it all month


def test_a_fallback_of_four_times_the_price(prices: str) -> None:
    fields = {"task": "interactive", "gpu_types": ["RTX 4090", "H100 SXM"], "run": QWEN}
    (one,) = found(NoPriceCap, fields, prices=prices)
    assert (one.severity, one.pointer) == ("info", "/gpu_types")
    assert "4.0 times the price" in one.message
    assert found(OverProvisionedGpu, fields, prices=prices) == []  # it is said once
    assert found(NoPriceCap, fields, prices=prices, dear_fallback=4.5) == []
    # Who says what a machine may cost has decided: $2.00 an hour is within it.
    assert found(NoPriceCap, {**fields, "max_price": 2.5}, prices=prices) == []


def test_a_share_of_the_hour_is_not_said_to_be_of_the_work(tmp_path: Path) -> None:
    """RTX 4090 $0.60, A40 $0.40 (696 of 1,008 GB/s). RTX A5000 $0.50 (768 GB/s, 76 %): an hour 17 % less, and of
    a model that reads its weights for each token 0.50 / 0.60 / 0.76 = 1.1 times for the work."""
    prices = price_list(
        tmp_path, ("RTX4090", 1, 0.60, None), ("RTXA5000", 1, 0.50, None), ("A40", 1, 0.40, None)
    )
    old = {"$schema": "https://gpu-cli.sh/schema/v1/gpu.json", "project_id": "x", "provider": "runpod"}
    (one,) = found(FallbackOrder, {**old, "gpu_types": ["RTX 4090", "A40"]}, prices=prices)
    assert "33 % less an hour (by the data sheets 69 % of the speed)" in one.message  # 696 / 1,008 GB/s
    slow = {**old, "gpu_types": ["RTX 4090", "RTX A5000"]}
    assert len(found(FallbackOrder, slow, prices=prices)) == 1  # of what is not known, the hour decides
    assert found(FallbackOrder, {**slow, "run": QWEN}, prices=prices) == []


def test_weights_alone_are_more_than_the_card(prices: str) -> None:
    run = "vllm serve Qwen/Qwen2.5-14B-Instruct --max-model-len 4096"  # 14.77e9 × 2 bytes = 27.5 GiB > 24
    (one,) = found(UnderProvisionedGpu, {"run": run}, prices=prices)
    assert "weights 27.4 GiB" in one.message
    assert one.suggestion == "L40S holds it, from $0.80/h"


def test_half_of_two_is_enough(prices: str) -> None:
    fields = {"gpu_types": ["H100 SXM"], "gpu_count": 2, "run": f"{QWEN} -tp 2"}
    (one,) = found(TooManyGpus, fields, prices=prices)
    assert "H100 SXM holds the job" in one.message
    assert "50 % less" in one.message


def test_a_floor_above_every_card_leaves_nothing() -> None:
    (one,) = found(MinVramOff, {"min_vram": 48})
    assert "48 GB, and the largest GPU listed has 24 GB" in one.message
    assert found(MinVramOff, {"min_vram": 24}) == []


def test_three_of_four_idle(prices: str) -> None:
    fields = {"gpu_count": 4, "run": "torchrun --nproc_per_node 1 train.py"}
    (one,) = found(GpusUnused, fields, prices=prices)
    assert "3 idle, $1.50/h for nothing" in one.message  # 2.00 - 0.50
    (short,) = found(GpusUnused, {"gpu_count": 2, "run": f"{QWEN} -tp 4"}, prices=prices)
    assert (short.severity, short.suggestion) == ("error", "set gpu_count to 4, or lower the parallelism")


def test_what_max_price_never_takes(prices: str) -> None:
    fields = {"gpu_types": ["RTX 4090", "H100 SXM"], "max_price": 0.7}
    (one,) = found(FallbackOrder, fields, prices=prices)
    assert one.pointer == "/gpu_types/1"
    (none,) = found(FallbackOrder, {**fields, "max_price": 0.4}, prices=prices)
    assert none.suggestion == "raise max_price to $0.50, or name cheaper GPUs"


@pytest.mark.parametrize(("architecture", "gpu"), [("Turing", "T4"), ("Volta", "V100 16GB")])
def test_bf16_came_with_ampere(architecture: str, gpu: str) -> None:
    (one,) = found(GpuFeatureMissing, {"gpu_types": [gpu], "run": f"{QWEN} --dtype bfloat16"})
    assert f"({architecture}) has no BF16" in one.message
    assert found(GpuFeatureMissing, {"gpu_types": [gpu], "run": f"{QWEN} --dtype half"}) == []
    assert found(GpuFeatureMissing, {"gpu_types": ["A10G"], "run": f"{QWEN} --dtype bfloat16"}) == []


def test_host_memory_of_twice_the_weights(prices: str) -> None:
    # 70.55e9 × 2 bytes = 131.4 GiB, twice 262.8; the machines have 256
    run = "vllm serve meta-llama/Llama-3.1-70B-Instruct -tp 2 --max-model-len 4096"
    fields = {"gpu_types": ["H100 SXM"], "gpu_count": 2, "run": run}
    (one,) = found(HostRamSmall, fields, prices=prices)
    assert "256 GiB of host memory for 131 GiB of weights; 263 GiB" in one.message


def test_the_disk_is_added_up() -> None:
    # 15.2 GB of weights + 15 GB of image and packages = 30.2; × 1.2 = 36.3, up to the next 10
    (one,) = found(DiskSmall, {"disk_gb": 20, "run": QWEN})
    assert one.message.endswith("= 30 GB")
    assert one.fix
    assert one.fix.edits[0].value == 40
    assert found(DiskSmall, {"disk_gb": 31, "run": QWEN}) == []
    assert found(DiskSmall, {"disk_gb": 20, "run": QWEN}, software_gb=4.0) == []


@pytest.mark.parametrize("run", ["rsync -a s3 x", "aws s3 sync s3://a b && tar xzf b/all.tgz"])
def test_copying_needs_no_gpu(run: str) -> None:
    (one,) = found(GpuNotNeeded, {"run": run})
    assert one.saving
    assert one.saving.per_hour == 0.44  # all of what an RTX 4090 costs


def test_gpus_that_are_counted_and_not_named(prices: str) -> None:
    """Which GPUs is not said (a manifest without a selector): more than there are, the command cannot use."""
    four, two = (f"{QWEN} --tensor-parallel-size {number}" for number in (4, 2))
    (one,) = found(GpusUnused, {"gpu_types": [], "gpu_count": 2, "run": four}, prices=prices)
    assert one.message == "the command needs 4 GPUs, 2 are there: it stops at start"
    (idle,) = found(GpusUnused, {"gpu_types": [], "gpu_count": 4, "run": two}, prices=prices)
    assert "2 idle" in idle.message
    assert found(GpusUnused, {"gpu_types": [], "run": four}, prices=prices) == []


def test_a_server_that_may_idle_is_told_what_a_smaller_gpu_costs_by_the_hour(tmp_path: Path) -> None:
    """$0.80 of $6.88 are 12 %; always busy the L4, with 300 of 3,350 GB/s, would cost more for each token."""
    prices = price_list(tmp_path, ("L4", 1, 0.80, None), ("H100-SXM", 1, 6.88, None))
    fields = {"task": "serve", "gpu_types": ["H100 SXM"], "run": QWEN}
    (one,) = found(OverProvisionedGpu, fields, prices=prices)
    assert one.severity == "info"
    assert "L4 (24 GB) holds it with the same settings at $0.80/h ($6.88/h now)" in one.message
    assert one.saving
    assert one.saving.per_hour == pytest.approx(6.08)
    assert "unless it is busy all day" in (one.suggestion or "")
    batch = {**fields, "task": "batch"}
    assert found(OverProvisionedGpu, batch, prices=prices) == []  # it is paid for its work


def test_a_saving_of_cents_is_not_told(tmp_path: Path) -> None:
    """RTX 4090 $0.50, RTX A4000 $0.22 an hour: $0.28 for each hour, below the 0.30 of `least_saving`."""
    prices = price_list(tmp_path, ("RTX4090", 1, 0.50, None), ("RTXA4000", 1, 0.22, None))
    sd = {"task": "interactive", "model": {"id": "runwayml/stable-diffusion-v1-5"}, "gpu_types": ["RTX 4090"]}
    assert found(OverProvisionedGpu, sd, prices=prices) == []
    assert found(OverProvisionedGpu, sd, prices=prices, least_saving=0.25) != []


def test_a_cluster_is_told_how_many_of_its_own_gpus_hold_it() -> None:
    """145 GB of weights are 68 GiB on each of two of 80 GB, of which SGLang uses 68, and 34 GiB on each of four."""
    path = Path(__file__).parents[2] / "golden" / "GS102" / "bad-cluster-of-a100.yaml"
    (one,) = lint_text(path.read_bytes(), [UnderProvisionedGpu], path=str(path), prices="seed-2025")
    assert one.finding.suggestion == "4 × A100 80GB SXM4 hold it, with --tp 4"


def test_two_amounts_never_read_alike() -> None:
    assert (_apart(19.897, 19.890), _apart(19.890, 19.897)) == ("19.897 GiB", "19.890 GiB")
    assert (_apart(73.84, 67.5), _apart(67.5, 73.84)) == ("73.8 GiB", "67.5 GiB")
