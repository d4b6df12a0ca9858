"""GS2: bits a weight against arithmetic by hand, at made prices: L40S $0.80 an hour, H100 $2.00.

Llama 3.1 70B has 70.55e9 weights: 131.4 GiB in 16 bit, 65.7 in 8. Qwen2.5-14B has 14.77e9, 27.5 GiB in 16 bit, and
keeps 2 × 48 layers × 8 heads × 128 × 2 bytes = 192 KiB a token."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from one_rule import found, price_list

from gpuspec.rules.quantization.kv_dtype import KvCacheDtype
from gpuspec.rules.quantization.mismatch import QuantizationMismatch
from gpuspec.rules.quantization.missing import MissingQuantization
from gpuspec.rules.quantization.qlora import QloraWouldDo
from gpuspec.rules.quantization.unsupported import QuantizationUnsupported

LLAMA = "vllm serve meta-llama/Llama-3.1-70B-Instruct --max-model-len 8192 -tp 2"


@pytest.fixture
def prices(tmp_path: Path) -> str:
    return price_list(
        tmp_path,
        ("L40S", 1, 0.80, None),
        ("L40S", 2, 1.60, None),
        ("H100-SXM", 1, 2.00, None),
        ("H100-SXM", 2, 4.00, None),
    )


def test_eight_bits_on_half_the_memory(prices: str) -> None:
    fields = {"task": "serve", "gpu_types": ["H100 SXM"], "gpu_count": 2, "run": LLAMA}
    (one,) = found(MissingQuantization, fields, prices=prices)
    assert "in 16 bit is 131 GiB of weights: 2 × H100 SXM at $4.00/h writes" in one.message
    assert "2 × L40S at $1.60/h does" in one.message
    assert one.message.endswith("(60 % less an hour)")  # 1 - 1.60 / 4.00
    eight_bits = float(re.findall(r"in 8 bit it is ([\d.]+) GiB", one.message)[0])
    assert 65.7 <= eight_bits < 65.7 * 1.05  # the embeddings stay in 16 bit
    assert found(MissingQuantization, fields, prices=prices, min_saving=0.65) == []


def test_a_cache_of_half_the_bytes(prices: str, tmp_path: Path) -> None:
    run = "vllm serve Qwen/Qwen2.5-14B-Instruct --max-model-len 100000"
    fields = {"task": "serve", "gpu_types": ["H100 SXM"], "run": run}
    # 60 % less an hour for 864 ÷ 3,350 = 26 % of the bandwidth: a token costs more
    assert found(KvCacheDtype, fields, prices=prices) == []
    dear = price_list(tmp_path, ("L40S", 1, 0.80, None), ("H100-SXM", 1, 6.00, None))
    (one,) = found(KvCacheDtype, fields, prices=dear)
    cache = 2 * 48 * 8 * 128 * 2 * 100_000 / 2**30
    assert cache == pytest.approx(18.31, abs=0.01)
    share, halved = re.findall(r"(\d+) % of the memory; in FP8 the job takes ([\d.]+) GiB", one.message)[0]
    assert 0 <= cache / (27.5 + cache) - int(share) / 100 < 0.02  # activations come on top
    assert 0 < float(halved) - (27.5 + cache / 2) < 1.2  # a sampler over 256 × 152,064 words, CUDA graphs
    assert one.fix
    assert one.fix.edits[0].value == f"{run} --kv-cache-dtype fp8"


def test_a_flag_that_the_command_lacks() -> None:
    run = "vllm serve Qwen/Qwen2.5-32B-Instruct"
    model = {"id": "Qwen/Qwen2.5-32B-Instruct", "quantization": "fp8"}
    (one,) = found(QuantizationMismatch, {"model": model, "run": run})
    assert "61.0 GiB of weights" in one.message  # 32.76e9 × 2 bytes
    assert found(QuantizationMismatch, {"model": model, "run": f"{run} --quantization fp8"}) == []


def test_awq_in_vllm_begins_with_turing() -> None:
    run = "vllm serve Qwen/Qwen2.5-7B-Instruct-AWQ"
    (one,) = found(QuantizationUnsupported, {"gpu_types": ["V100 32GB"], "run": run})
    assert "need compute capability 7.5; V100 32GB has 7.0" in one.message
    assert found(QuantizationUnsupported, {"gpu_types": ["T4"], "run": run}) == []


def test_lora_over_four_bits_takes_the_cheaper_card(tmp_path: Path) -> None:
    prices = price_list(tmp_path, ("L40S", 1, 0.80, None), ("A100-80GB", 1, 8.00, None))
    model = {
        "id": "Qwen/Qwen2.5-32B",
        "method": "lora",
        "sequence": 2048,
        "batch": 1,
        "gradient_checkpointing": True,
    }
    fields = {"task": "train", "model": model, "gpu_types": ["A100 80GB"], "run": "python train.py"}
    (one,) = found(QloraWouldDo, fields, prices=prices)
    assert "and L40S at $0.80/h" in one.message
    assert one.message.endswith("less for the work") or one.message.endswith("less)")
    assert found(QloraWouldDo, {**fields, "model": {**model, "method": "qlora"}}, prices=prices) == []
