"""Training against arithmetic by hand."""

from __future__ import annotations

import pytest

from gpuspec import resolve_model
from gpuspec.sizing import Need, need
from gpuspec.sizing.shape import Shape, shape_of
from gpuspec.sizing.training.adapters import adapter_params
from gpuspec.workload import Workload

GIB = 2**30


def sized(gpus: int = 1, **fields: object) -> Need:
    base = Workload(task="train", model=resolve_model("Llama-3.1-8B").model, sequence=512, batch=1)
    answer = need(base._replace(**fields), gpus)  # type: ignore[arg-type]
    assert isinstance(answer, Need)
    return answer


def part(answer: Need, name: str) -> float:
    return sum(p.expected for p in answer.parts if p.name == name)


def test_mixed_precision_keeps_sixteen_bytes_with_deepspeed() -> None:
    answer = sized(method="full", engine="deepspeed", precision="amp", sharding="zero1")
    assert part(answer, "weights") == pytest.approx(8.030261248e9 * 2 / GIB)
    assert part(answer, "optimizer") == pytest.approx(8.030261248e9 * 12 / GIB)


@pytest.mark.parametrize(
    ("sharding", "weights", "optimizer"), [("zero1", 1, 8), ("zero2", 1, 8), ("zero3", 8, 8), ("ddp", 1, 1)]
)
def test_zero_stages_divide_what_the_paper_says(sharding: str, weights: int, optimizer: int) -> None:
    answer = sized(8, method="full", engine="deepspeed", precision="amp", sharding=sharding)
    assert part(answer, "weights") == pytest.approx(8.030261248e9 * 2 / weights / GIB)
    assert part(answer, "optimizer") == pytest.approx(8.030261248e9 * 12 / optimizer / GIB)


def test_pure_bf16_is_eight_bytes_in_all() -> None:
    answer = sized(method="full", engine="torchtune", sequence=1)
    state = sum(part(answer, name) for name in ("weights", "gradients", "optimizer", "activations", "logits"))
    assert state == pytest.approx(8.030261248e9 * 8 / GIB, rel=0.01)


def test_eight_bit_adam_in_the_backward_pass_is_four_bytes() -> None:
    # torchtune prints 18.9 GiB of peak for 8B full fine-tuning in one 24 GB card, paged optimizer state on the host.
    answer = sized(method="full", engine="torchtune", optimizer="paged_adamw_8bit_in_bwd", sequence=1)
    assert part(answer, "optimizer") == 0
    assert part(answer, "gradients") == 0
    assert part(answer, "weights") == pytest.approx(14.96, abs=0.01)


def test_adapters_of_llama_by_hand() -> None:
    # Rank 8 on query and value of Llama-2-7B: 8 × 2 × (4096 + 4096) × 32 = 4,194,304 (LitGPT prints it).
    shape = shape_of(Workload(model=resolve_model("Llama-2-7B").model))
    assert isinstance(shape, Shape)
    assert adapter_params(shape, 8, "qv") == 4_194_304


def test_qlora_holds_a_quarter_of_the_weights() -> None:
    # (8.03 − 1.051) B × 4.5 bits + 1.051 B and 65 norms × 16 bits
    kept = 2 * 128256 * 4096 + 65 * 4096
    by_hand = ((8.030261248e9 - kept) * 4.5 / 8 + kept * 2) / GIB
    assert part(sized(method="qlora"), "weights") == pytest.approx(by_hand)


def test_a_fused_loss_keeps_no_logits() -> None:
    plain, fused = sized(method="lora"), sized(method="lora", fused_loss=True)
    assert part(plain, "logits") == pytest.approx(10 * 512 * 128256 / GIB)
    assert part(fused, "logits") < 0.05 * part(plain, "logits")


def test_checkpointing_keeps_one_input_per_layer() -> None:
    with_it = part(sized(method="lora", gradient_checkpointing=True, sequence=8192), "activations")
    without = part(sized(method="lora", gradient_checkpointing=False, sequence=8192), "activations")
    inputs = 2 * 8192 * 32 * 4096 / GIB
    assert inputs < with_it < 3 * inputs
    assert without > 8 * with_it


def test_dpo_keeps_a_second_model_and_two_answers() -> None:
    alone, pair = sized(method="full"), sized(method="full", algorithm="dpo")
    assert part(pair, "reference model") == pytest.approx(8.030261248e9 * 2 / GIB)
    assert part(pair, "logits") == 2 * part(alone, "logits")
    assert part(sized(method="full", algorithm="orpo"), "reference model") == 0


def test_offloaded_optimizer_is_not_on_the_gpu() -> None:
    assert part(sized(method="full", engine="deepspeed", sharding="zero3-offload"), "optimizer") == 0


def test_full_seven_billion_does_not_fit_forty_gigabytes() -> None:
    """Guides say it does; even pure bf16 keeps 7 × 8 = 56 GB."""
    answer = need(Workload(task="train", method="full", params_b=7), 1)
    assert isinstance(answer, Need)
    assert answer.low > 40 * 1e9 / GIB
