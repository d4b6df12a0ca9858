"""What each GPU of a tensor-parallel group holds whole, and what pictures take in the trial pass."""

import pytest

from gpuspec import resolve_model
from gpuspec.sizing import Need, need
from gpuspec.sizing.memory import Part
from gpuspec.workload import Workload

GIB = 2**30


def sized(model: str, gpus: int = 1, **fields: object) -> Need:
    match = resolve_model(model)
    workload = Workload(
        task="serve",
        modality="text",
        engine="vllm",
        model=match.model,
        model_name=model,
        params_b=match.params_b,
        quantization=match.quantization,
    )._replace(**fields)
    found = need(workload, gpus)
    assert isinstance(found, Need)
    return found


def part(found: Need, name: str) -> Part:
    return next(each for each in found.parts if each.name == name)


# "Model loading took", GiB: vllm#10517; vllm#12529; Qwen3-14B and Qwen3-8B-FP8 from start-up logs of one GPU, the
# 235B from one of eight L40S, where 4 KV heads are copied.
LOGGED = (
    ("meta-llama/Llama-3.1-8B-Instruct", 1, 14.9888),
    ("deepseek-ai/DeepSeek-R1-Distill-Qwen-1.5B", 1, 3.3414),
    ("Qwen/Qwen3-14B", 1, 27.52),
    ("Qwen/Qwen3-8B-FP8", 1, 8.80),
    ("Qwen/Qwen3-235B-A22B-Instruct-2507-FP8", 8, 27.72),
)


@pytest.mark.parametrize(("model", "gpus", "logged"), LOGGED)
def test_weights_are_what_the_log_says(model: str, gpus: int, logged: float) -> None:
    assert part(sized(model, gpus), "weights").expected == pytest.approx(logged, rel=0.001)


def test_first_projections_of_latent_attention_are_whole() -> None:
    """DeepSeek-V3 (its config.json): 61 layers of 7,168, q_lora_rank 1,536, kv_lora_rank 512 + 64 rotated, 58 routers
    of 256 experts with a correction each; 163,840 positions."""
    one, eight = (part(sized("deepseek-ai/DeepSeek-V3", n, quantization="bf16"), "weights") for n in (1, 8))
    whole = 61 * 7168 * (1536 + 512 + 64) + 58 * 256 * (7168 + 1) + 61 * (2 * 7168 + 1536 + 512) + 7168
    table = 163_840 * 64 * 2
    by_hand = (one.expected * GIB - table) / 8 + whole * 2 * 7 / 8 + table
    assert eight.expected == pytest.approx(by_hand / GIB, rel=1e-4)


def test_without_a_projection_of_queries_only_that_of_the_cache_is_sure() -> None:
    """DeepSeek-V2-Lite: 27 layers of 2,048 have no q_lora_rank; their cache is 576 wide."""
    one, four = (part(sized("deepseek-ai/DeepSeek-V2-Lite", n), "weights") for n in (1, 4))
    table = 163_840 * 64 * 2 / GIB
    more = four.expected - (one.expected - table) / 4 - table
    sure = (27 * 2048 * 576 + 26 * 64 * 2048) * 2 * 3 / 4 / GIB
    assert more == pytest.approx(sure, rel=0.01)
    assert four.high > four.expected + 0.05


def test_a_tower_may_be_whole() -> None:
    """vllm#15676: Gemma 3 27B over four GPUs took 13.1665 GiB each."""
    weights = part(sized("google/gemma-3-27b-it", 4), "weights")
    assert weights.low < 13.1665 < weights.high


def test_pictures_take_part_in_the_trial_pass() -> None:
    """What comes out of the encoder, 2,048 tokens of 5,376 in 16 bit, lies beside the sampler."""
    seen, blind = (sized("google/gemma-3-27b-it", text_only=text_only) for text_only in (None, True))
    kept = 2048 * 5376 * 2 / GIB
    more = part(seen, "activations").expected - part(blind, "activations").expected
    assert more == pytest.approx(kept)
    assert not [each for each in seen.parts if each.name == "vision tower"]


def test_on_a_small_gpu_the_largest_picture_may_decide() -> None:
    """Of 2,048 tokens a step; one picture of 16,384 tokens is 65,536 patches of 1,280 (Qwen2.5-VL's config.json):
    2 × 65,536 × 10 × 1,280 bytes at least."""
    found = part(sized("Qwen/Qwen2.5-VL-7B-Instruct", max_batched_tokens=2048, concurrency=8), "activations")
    assert found.low < 0.5
    assert found.high > 2 * 65_536 * 10 * 1280 / GIB
