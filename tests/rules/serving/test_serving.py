"""Serving flags against arithmetic by hand. Llama 3.1 8B keeps 2 × 32 layers × 8 heads × 128 × 2 bytes = 128 KiB a
token and weighs 8.03e9 × 2 bytes = 14.96 GiB."""

from __future__ import annotations

import pytest
from one_rule import found

from gpuspec.lint.finding import Finding
from gpuspec.lint.rule import Rule
from gpuspec.rules.serving.batch_limit import BatchLimit
from gpuspec.rules.serving.context_unset import ContextUnset
from gpuspec.rules.serving.memory_utilization import MemoryUtilizationLow

LLAMA = "meta-llama/Llama-3.1-8B-Instruct"
KIB_PER_TOKEN = 2 * 32 * 8 * 128 * 2 / 1024


def of(rule: type[Rule], run: str, gpu: str = "RTX 4090") -> list[Finding]:
    return found(rule, {"gpu_types": [gpu], "keep_alive_minutes": 30, "run": run})


def test_the_full_context_of_llama_on_a_24_gb_card() -> None:
    (one,) = of(ContextUnset, f"vllm serve {LLAMA}")
    assert KIB_PER_TOKEN * 131_072 / 2**20 == 16.0
    assert "131,072 tokens is 16.0 GiB" in one.message
    assert one.fix
    fixed = one.fix.edits[0].value
    length = int(fixed.rpartition(" ")[2])
    assert fixed == f"vllm serve {LLAMA} --max-model-len {length}"
    # What is left beside the weights holds it: 22.1 GiB × 0.92 was measured to take 37,696 tokens on an A10G
    assert 8192 <= length <= 37_696


@pytest.mark.parametrize(
    "run",
    [
        f"vllm serve {LLAMA} --max-model-len 8192",
        f"vllm serve {LLAMA} --max-model-len=$LEN",
        f"vllm serve {LLAMA} --config server.yaml",
        f"vllm serve {LLAMA} $EXTRA_ARGS",
        "vllm serve $MODEL",
        f"llama-server -hf {LLAMA} -ngl 99",
        "vllm serve Qwen/Qwen2.5-0.5B-Instruct",
    ],
)
def test_the_context_is_set_or_fits_or_is_not_known(run: str) -> None:
    assert of(ContextUnset, run) == []


def test_no_length_is_put_into_another_command() -> None:
    (one,) = of(ContextUnset, f'start() {{ vllm serve "$1"; }}\nstart {LLAMA}')
    assert one.fix is None


def test_what_a_low_share_leaves_idle() -> None:
    (one,) = of(MemoryUtilizationLow, f"vllm serve {LLAMA} --gpu-memory-utilization 0.5", "L40S")
    assert f"{45.0 * (0.92 - 0.5):.1f} GiB idle" in one.message  # an L40S shows 45.0 GiB
    assert one.fix
    assert one.fix.edits[0].value == f"vllm serve {LLAMA} --gpu-memory-utilization 0.92"


@pytest.mark.parametrize("share", ["0.85", "0.9", "0.95", "0.97"])
def test_shares_that_are_right(share: str) -> None:
    assert of(MemoryUtilizationLow, f"vllm serve {LLAMA} --gpu-memory-utilization {share}") == []


def test_how_many_requests_the_cache_holds() -> None:
    (one,) = of(BatchLimit, f"vllm serve {LLAMA} --max-model-len 16384 --max-num-seqs 256", "L40S")
    tokens = 16384 // 4
    each = KIB_PER_TOKEN * tokens / 1024
    assert f"{tokens:,} tokens ({each:.0f} MiB each)" in one.message
    assert one.fix
    held = int(one.fix.edits[0].value.rpartition(" ")[2])
    most = (45.0 * 0.92 - 14.96) * 1024 / each
    assert most * 0.9 < held <= most
    assert of(BatchLimit, f"vllm serve {LLAMA} --max-model-len 16384 --max-num-seqs {held}", "L40S") == []


def test_sequences_on_a_gpu_that_is_too_small_are_gs102s() -> None:
    assert of(BatchLimit, f"vllm serve {LLAMA} --max-model-len 16384 --max-num-seqs 256", "RTX 4080") == []
