"""What servers keep besides one model and the cache of its newest version: adapters, and windows kept whole."""

from typing import Any

import pytest

from gpuspec import resolve_model
from gpuspec.sizing import Need, need
from gpuspec.workload import Workload


def part(name: str, model: str, gpus: int = 1, **fields: Any) -> float:
    workload = Workload(task="serve", engine="vllm", model=resolve_model(model).model, **fields)
    found = need(workload, gpus)
    assert isinstance(found, Need)
    return sum(each.expected for each in found.parts if each.name == name)


def test_a_server_with_adapters_keeps_room_for_the_largest_on_every_linear_layer() -> None:
    # PEFT counts 41,943,040 parameters of rank 16 on all linear layers of Llama-3.1-8B.
    slots = part("adapters", "Llama-3.1-8B", serves_adapters=True, adapters=4, lora_rank=64)
    assert slots == pytest.approx(41_943_040 * 4 * 4 * 2 / 2**30)
    assert part("adapters", "Llama-3.1-8B", serves_adapters=True) == pytest.approx(41_943_040 * 2 / 2**30)
    # Of 81,920 inputs and outputs a layer, 7 × 4,096 stand on a side that tensor parallelism does not divide.
    divided = part("adapters", "Llama-3.1-8B", 2, serves_adapters=True, adapters=4, lora_rank=64)
    assert divided / slots == pytest.approx((28_672 + 53_248 / 2) / 81_920)
    assert part("adapters", "Llama-3.1-8B", adapters=4, lora_rank=64) == 0


@pytest.mark.parametrize(
    ("version", "flag", "layers"),
    [("0.9.0", None, 62), ("0.8.5", None, 62), ("0.9.1", True, 62), ("0.9.1", None, 10), (None, None, 10)],
)
def test_layers_with_a_window_keep_the_whole_text_before_vllm_0_9_1(
    version: str | None, flag: bool | None, layers: int
) -> None:
    # Gemma-3-27B's config.json: 62 layers, of which each sixth sees all, 16 key heads of 128, a window of 1,024.
    tokens = layers * 32768 + (62 - layers) * 1024
    cache = part("KV cache", "Gemma-3-27B", context=32768, engine_version=version, whole_windows=flag)
    assert cache == pytest.approx(tokens * 2 * 16 * 128 * 2 / 2**30, rel=0.01)
