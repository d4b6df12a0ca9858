"""Training against arithmetic by hand."""

from __future__ import annotations

import pytest

from gpuspec import resolve_model
from gpuspec.sizing import Need, Unsized, need
from gpuspec.sizing.shape import Shape, shape_of
from gpuspec.sizing.training.adapters import ALL, adapter_params, targets_of
from gpuspec.sizing.training.backward import Kept, layer_elements
from gpuspec.workload import Workload
from gpuspec.workload.workload import Origin

GIB = 2**30


def sized(gpus: int = 1, **fields: object) -> Need:
    base = Workload(task="train", model=resolve_model("Llama-3.1-8B").model, sequence=512, batch=1)
    answer = need(base._replace(**fields), gpus)  # type: ignore[arg-type]
    assert isinstance(answer, Need)
    return answer


def part(answer: Need, name: str) -> float:
    return answer.largest(name)


def phase(answer: Need, name: str) -> dict[str, float]:
    """The parts of one phase that tensors take, expected."""
    (found,) = (each for each in answer.phases if each.name == name)
    return {
        p.name: p.expected for p in found.parts if p.counted_from == "allocated" and p.name != "workspace"
    }


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
    assert sum(phase(answer, "optimizer step").values()) == pytest.approx(8.030261248e9 * 8 / GIB)


def test_an_unfused_step_takes_two_bytes_more() -> None:
    # torch.optim's foreach AdamW holds the square root of all second moments at once.
    answer = sized(method="full", engine="hf-trainer", dtype="bf16", optimizer="adamw_torch", sequence=1)
    assert sum(phase(answer, "optimizer step").values()) == pytest.approx(8.030261248e9 * 10 / GIB)
    fused = sized(method="full", engine="hf-trainer", dtype="bf16", optimizer="adamw_torch_fused", sequence=1)
    assert sum(phase(fused, "optimizer step").values()) == pytest.approx(8.030261248e9 * 8 / GIB)


def test_autocast_over_32_bit_weights_is_eighteen_bytes_while_it_runs() -> None:
    answer = sized(method="full", engine="hf-trainer", dtype="fp32", gradient_accumulation=2, sequence=1)
    held = phase(answer, "forward and loss")
    head = 128256 * 4096  # the embedding is looked up as it is
    assert sum(held[name] for name in ("weights", "gradients", "optimizer")) == pytest.approx(
        8.030261248e9 * 16 / GIB
    )
    assert held["16-bit copies"] == pytest.approx(2 * (8.030261248e9 - head) / GIB)


def test_a_peak_is_the_largest_phase() -> None:
    # torchtune's table: 3B full in bf16, packed 4,096 × 2, checkpointed, compiled, chunked loss: 24.9 GiB, less than
    # weights, gradients, moments, all inputs of layers and logits together.
    model = resolve_model("Llama-3.2-3B").model
    answer = sized(
        model=model,
        method="full",
        engine="torchtune",
        gradient_checkpointing=True,
        sequence=4096,
        batch=2,
        packing=True,
    )
    assert answer.of("allocated")[1] == pytest.approx(24.9, rel=0.05)
    assert (
        sum(answer.largest(name) for name in ("weights", "optimizer", "gradients", "activations", "logits"))
        > 26
    )


def test_eight_bit_adam_in_the_backward_pass_is_four_bytes() -> None:
    # torchtune prints 18.9 GiB of peak for 8B full fine-tuning in one 24 GB card, paged optimizer state on the host.
    answer = sized(method="full", engine="torchtune", optimizer="paged_adamw_8bit_in_bwd", sequence=1)
    assert part(answer, "optimizer") == 0
    assert part(answer, "gradients") == pytest.approx(2 * 128256 * 4096 / GIB)  # the head's alone
    assert part(answer, "weights") == pytest.approx(14.96, abs=0.01)


def test_adapters_of_llama_by_hand() -> None:
    # Rank 8 on query and value of Llama-2-7B: 8 × 2 × (4096 + 4096) × 32 = 4,194,304 (LitGPT prints it).
    shape = shape_of(Workload(model=resolve_model("Llama-2-7B").model))
    assert isinstance(shape, Shape)
    assert adapter_params(shape, 8, ("q", "v")) == 4_194_304


def test_qlora_holds_a_quarter_of_the_weights() -> None:
    # (8.03 − 1.051) B × 4.5 bits + 1.051 B and 65 norms × 16 bits
    kept = 2 * 128256 * 4096 + 65 * 4096
    by_hand = ((8.030261248e9 - kept) * 4.5 / 8 + kept * 2) / GIB
    assert part(sized(method="qlora"), "weights") == pytest.approx(by_hand)


def test_a_fused_loss_keeps_no_logits() -> None:
    plain, fused = sized(method="lora"), sized(method="lora", fused_loss=True)
    assert part(plain, "logits") == pytest.approx(12 * 512 * 128256 / GIB)
    assert part(fused, "logits") < 0.05 * part(plain, "logits")


def test_checkpointing_keeps_one_input_per_layer() -> None:
    recomputed = sized(method="lora", gradient_checkpointing=True, sequence=8192)
    without = part(sized(method="lora", gradient_checkpointing=False, sequence=8192), "activations")
    inputs = 2 * 8192 * 32 * 4096 / GIB
    assert phase(recomputed, "forward and loss")["activations"] == pytest.approx(inputs)
    assert inputs < phase(recomputed, "backward")["activations"] < 3 * inputs
    assert without > 8 * part(recomputed, "activations")


def test_dpo_keeps_a_second_model_and_two_answers() -> None:
    alone, pair = sized(method="full"), sized(method="full", algorithm="dpo")
    assert part(pair, "reference model") == pytest.approx(8.030261248e9 * 4 / GIB)  # loaded as the model is
    halved = sized(method="full", algorithm="dpo", dtype="bf16")
    assert part(halved, "reference model") == pytest.approx(8.030261248e9 * 2 / GIB)
    assert part(pair, "logits") == 2 * part(alone, "logits")
    assert part(sized(method="full", algorithm="orpo"), "reference model") == 0


def test_offloaded_optimizer_is_not_on_the_gpu() -> None:
    assert part(sized(method="full", engine="deepspeed", sharding="zero3-offload"), "optimizer") == 0


def test_full_seven_billion_does_not_fit_forty_gigabytes() -> None:
    """Guides say it does; even pure bf16 keeps 7 × 8 = 56 GB."""
    answer = need(Workload(task="train", method="full", params_b=7), 1)
    assert isinstance(answer, Need)
    assert answer.low > 40 * 1e9 / GIB


def counted(kept: Kept, name: str = "Llama-3.2-3B") -> float:
    shape = shape_of(Workload(model=resolve_model(name).model))
    assert isinstance(shape, Shape)
    return layer_elements(shape, kept)


@pytest.mark.parametrize(
    ("kept", "saved"),
    [
        # Elements per token and layer that autograd saves of transformers 5.24's LlamaForCausalLM (28 layers, final
        # norm and logits left out), counted on fake tensors; adapters of rank 32 as PEFT's Linear runs them.
        (Kept(), 66_030),
        (Kept(wide=True), 81_502),
        (Kept(trained=False, targets=("q", "v"), casts=2.0), 57_527),
        (Kept(trained=False, targets=("q", "v"), casts=1.0), 51_319),
        (Kept(trained=False, targets=ALL, casts=1.0), 71_959),
    ],
)
def test_operations_are_counted_as_autograd_saves_them(kept: Kept, saved: int) -> None:
    assert counted(kept) == pytest.approx(saved, rel=0.01)


def test_adapters_that_train_in_32_bit_without_autocast_copy_their_inputs_in_32_bit() -> None:
    # PEFT's comparison of methods on MetaMathQA (4 × 768 tokens, Llama-3.2-3B, rank 32 on query and value) reserved
    # 20.8 GiB at most.
    model = resolve_model("Llama-3.2-3B").model
    one = {
        "model": model,
        "method": "lora",
        "dtype": "bf16",
        "target_modules": "q_proj,v_proj",
        "lora_rank": 32,
    }
    answer = sized(**one, sequence=768, batch=4, gradient_checkpointing=False)
    assert answer.of("reserved")[1] == pytest.approx(20.76, rel=0.08)


def test_nothing_is_divided_unless_something_divides_it() -> None:
    alone, copies = sized(1, method="full", engine="hf-trainer"), sized(8, method="full", engine="hf-trainer")
    assert part(copies, "weights") == part(alone, "weights")
    assert part(copies, "optimizer") == part(alone, "optimizer")
    assert part(copies, "DDP buckets") == pytest.approx(4 * 8.030261248e9 / GIB)
    assert any("on every GPU" in said for said in copies.assumptions)


def test_a_seventy_billion_qlora_under_ddp_is_whole_on_each_gpu() -> None:
    # 68.45 B linear weights in NF4 and two embeddings in 16 bit: 39.8 GiB, on four GPUs as on one.
    model = resolve_model("Llama-3-70B-Instruct").model
    on_four = sized(4, model=model, method="qlora", engine="hf-trainer", processes=4)
    assert part(on_four, "weights") == pytest.approx(39.8, abs=0.1)
    spread = sized(4, model=model, method="qlora", engine="hf-trainer", sharding="layers")
    assert part(spread, "weights") == pytest.approx(39.8 / 4, abs=0.1)


def test_a_single_process_uses_one_of_many_gpus() -> None:
    one = sized(8, method="lora", engine="hf-trainer", processes=1, sharding="zero3")
    assert part(one, "weights") == part(sized(1, method="lora", engine="hf-trainer"), "weights")


def test_how_it_is_spread_cannot_be_known() -> None:
    origins = {"sharding": Origin("command", "--deepspeed ds.json")}
    base = Workload(task="train", model=resolve_model("Llama-3.1-8B").model, origins=origins)
    assert isinstance(need(base, 8), Unsized)
    assert isinstance(need(base, 1), Need)


def test_megatron_keeps_gradients_in_32_bit_and_recomputes_nothing_that_flash_attention_keeps() -> None:
    one = sized(engine="megatron-lm", method="full", sequence=4096, selective_checkpointing=True)
    assert part(one, "weights") == pytest.approx(2 * 8.030261248e9 / GIB)
    assert part(one, "gradients") == pytest.approx(4 * 8.030261248e9 / GIB, rel=0.02)
    assert part(one, "optimizer") == pytest.approx(12 * 8.030261248e9 / GIB)
    kept = sized(engine="megatron-lm", method="full", sequence=4096, gradient_checkpointing=False)
    assert part(one, "activations") == part(kept, "activations")


def test_tensor_parallel_divides_heads_and_vocabulary_too() -> None:
    one = sized(1, method="full", engine="deepspeed", sequence=4096)
    eight = sized(8, method="full", engine="deepspeed", sequence=4096, tensor_parallel=8)
    assert part(eight, "weights") == pytest.approx(part(one, "weights") / 8)
    assert part(eight, "logits") == pytest.approx(part(one, "logits") / 8)
    assert part(eight, "activations") > part(one, "activations") / 8
    sequences = sized(
        8, method="full", engine="deepspeed", sequence=4096, tensor_parallel=8, sequence_parallel=True
    )
    assert part(sequences, "activations") == pytest.approx(part(one, "activations") / 8)


def test_megatron_divides_the_optimizer_over_all_and_weights_over_a_copy() -> None:
    """(2 + 2) P ÷ (TP · PP) + 12 P ÷ N with the distributed optimizer (Megatron-LM)."""
    answer = sized(
        16, method="full", engine="deepspeed", tensor_parallel=4, pipeline_parallel=2, sharding="zero1"
    )
    assert part(answer, "weights") == pytest.approx(2 * 8.030261248e9 / 8 / GIB)
    assert part(answer, "optimizer") == pytest.approx(12 * 8.030261248e9 / 16 / GIB)


@pytest.mark.parametrize(
    ("name", "kept", "saved"),
    [
        # Counted likewise of Qwen3ForCausalLM (heads are normed), Qwen2ForCausalLM, GPTNeoXForCausalLM.
        ("Qwen3-4B", Kept(), 85_428),
        ("Qwen3-4B", Kept(wide=True), 98_303),
        ("Qwen3-4B", Kept(trained=False, targets=ALL), 86_792),
        ("Qwen2.5-7B", Kept(), 113_217),
        ("Qwen2.5-7B", Kept(wide=True), 131_270),
        ("Qwen2.5-7B", Kept(trained=False, targets=ALL), 119_985),
        ("pythia-2.8b", Kept(), 43_749),
    ],
)
def test_other_architectures_are_counted_as_closely(name: str, kept: Kept, saved: int) -> None:
    assert counted(kept, name) == pytest.approx(saved, rel=0.07)


@pytest.mark.parametrize(
    ("optimizer", "bytes_each"),
    [
        ("adamw_torch", 4.0),
        ("adamw_bnb_8bit", 2.03),
        ("paged_adamw_32bit", 0.0),
        ("lion_32bit", 2.0),
        ("muon", 2.0),
        ("sgd", 0.0),
        ("adafactor", 0.02),
        ("came", 4.02),  # a whole first moment in 32 bit beside the factored second one
        ("ao_adamw_4bit", 1.06),
        ("adalomo", 0.02),
        ("lomo", 0.0),
    ],
)
def test_optimizers_keep_what_they_keep(optimizer: str, bytes_each: float) -> None:
    answer = sized(method="full", engine="torchtune", optimizer=optimizer)
    assert part(answer, "optimizer") == pytest.approx(bytes_each * 8.030261248e9 / GIB)


def test_galore_keeps_moments_of_128_dimensions_and_its_projection() -> None:
    # Embeddings 1.0507 B × 2 moments of 2 bytes; the rest × 2 bytes × (2 · 128 / 4,096 + 128 / 14,336).
    embeddings = 2 * 128256 * 4096
    by_hand = embeddings * 4 + (8.030261248e9 - embeddings) * 2 * (2 * 128 / 4096 + 128 / 14336)
    answer = sized(method="full", engine="torchtune", optimizer="galore_adamw")
    assert part(answer, "optimizer") == pytest.approx(by_hand / GIB)
    assert part(answer, "gradients") > 10
    assert part(sized(method="full", engine="torchtune", optimizer="galore_adamw_layerwise"), "gradients") < 1


def test_lisa_trains_two_layers_beside_embedding_and_head() -> None:
    blocks = 8.030261248e9 - 2 * 128256 * 4096
    trained = 2 * 128256 * 4096 + blocks * 2 / 32
    answer = sized(method="full", engine="torchtune", optimizer="lisa", sequence=1)
    assert part(answer, "optimizer") == pytest.approx(trained * 4 / GIB)
    layers = sized(method="full", engine="torchtune", trained_layers=4, sequence=1)
    assert part(layers, "optimizer") == pytest.approx(blocks * 4 / 32 * 4 / GIB)


def test_zero_3_turns_gradients_to_32_bit_a_billion_at_a_time() -> None:
    model = resolve_model("Llama-3.1-70B").model
    answer = sized(8, model=model, method="full", engine="deepspeed", sharding="zero3", sequence=1)
    assert part(answer, "optimizer step") == pytest.approx(4 * 1e9 / GIB)
    small = sized(16, method="full", engine="deepspeed", sharding="zero3", sequence=1)
    assert part(small, "optimizer step") == pytest.approx(4 * 8.030261248e9 / 16 / GIB)


def test_examples_may_be_shorter_than_the_length_that_cuts_them() -> None:
    packed = sized(method="lora", sequence=8192, packing=True)
    loose = sized(method="lora", sequence=8192)
    assert loose.expected == packed.expected
    assert loose.low < packed.low
    assert any("where they are cut" in said for said in loose.assumptions)


def test_adapters_of_a_mixture_are_those_of_attention() -> None:
    # Qwen3-30B-A3B: 48 layers, 2,048 wide, 32 query and 4 key heads of 128; rank 16.
    shape = shape_of(Workload(model=resolve_model("Qwen3-30B-A3B").model))
    assert isinstance(shape, Shape)
    assert adapter_params(shape, 16, ALL) == 16 * 48 * (2 * (2048 + 4096) + 2 * (2048 + 512))


def test_experts_keep_what_each_of_those_chosen_gives_and_reads() -> None:
    # Qwen3-30B-A3B by hand: 2 norms × 3 h, attention 2 · (4,096 + 512), norms of its heads 3 ·,
    # inputs 2 h, 8 experts of 768: 4 · 6,144, and 2 h for each of the 8.
    by_hand = 8 * 2048 + (2 + 3) * (4096 + 512) + 4 * 8 * 768 + 2 * 8 * 2048
    assert counted(Kept(), "Qwen3-30B-A3B") == pytest.approx(by_hand)


def test_axolotl_turns_embeddings_back_to_16_bit() -> None:
    peft, axolotl = (sized(method="qlora", engine=name) for name in ("hf-trainer", "axolotl"))
    assert part(peft, "32-bit embeddings") == pytest.approx(2 * 2 * 128256 * 4096 / GIB)
    assert part(axolotl, "32-bit embeddings") == 0
    # PEFT's 32-bit embedding makes what passes from layer to layer as wide.
    assert (
        phase(peft, "forward and loss")["activations"]
        == 2 * phase(axolotl, "forward and loss")["activations"]
    )


def test_target_modules_are_read_as_models_name_them() -> None:
    assert targets_of("q_proj, v_proj", "all") == ("q", "v")
    assert targets_of("c_attn,c_proj,w1,w2", "all") == ("q", "k", "v", "gate", "down")
    assert targets_of("all-linear", "qv") == ALL
    assert targets_of(None, "qv") == ("q", "v")
