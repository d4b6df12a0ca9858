"""Tokens a second of training, by hand arithmetic; and how many tokens commands ask for."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest

from gpuspec.catalog import Catalog, Gpu
from gpuspec.commands.steps import read_steps
from gpuspec.job.job import GpuChoice, Job
from gpuspec.sizing.memory import Unsized
from gpuspec.sizing.shape import Shape, shape_of
from gpuspec.sizing.speed.matmul import matmul_tflops
from gpuspec.sizing.speed.rates import Range
from gpuspec.sizing.speed.training import tokens_asked
from gpuspec.sizing.speed.training_step import flops_per_token
from gpuspec.sizing.speed.work import work_rate
from gpuspec.sizing.training.setup import setup_of
from gpuspec.workload import Workload
from gpuspec.workload import read as read_workload

CATALOG = Catalog()
TUNED = Workload(
    task="train",
    modality="text",
    engine="torchtune",
    model=CATALOG.resolve_model("meta-llama/Llama-3.1-8B-Instruct").model,
    method="full",
    packing=True,
    sequence=2048,
    batch=2,
    gradient_checkpointing=True,
    precision="bf16",
    optimizer="adamw",
)


def gpu(name: str) -> Gpu:
    found = CATALOG.resolve_gpu(name).gpu
    assert found is not None
    return found


def rate(workload: Workload, name: str = "A100 80GB SXM4", gpus: int = 1) -> Range:
    found = work_rate(workload, gpu(name), gpus)
    assert not isinstance(found, Unsized), found
    assert found.unit == "tokens trained"
    assert found.per_second.low <= found.per_second.expected <= found.per_second.high
    return found.per_second


def flops(workload: Workload) -> tuple[float, float]:
    shape = shape_of(workload)
    assert isinstance(shape, Shape)
    return flops_per_token(workload, setup_of(workload, shape, 1, None, []))


def test_operations_of_a_token_by_hand() -> None:
    """Llama 3.1 8B: 8.0303 B, of which the input embedding, 128,256 × 4,096 = 0.5253 B, is looked up: 7.5049 B.

    Forward 2, backward 4, again 2 without the head: 6 × 7.5049 + 2 × 6.9796 = 58.99 GFLOP. Attention, causal: 2 × 32
    layers × 4,096 × 2,048 × 4 passes = 2.147 GFLOP."""
    assert flops(TUNED) == pytest.approx((58.99e9, 2.147e9), rel=1e-3)
    # Frozen weights have no gradients of their own: 4 × 7.5049 + 13.96, and 6 × 20.97 M of rank 8 on all matrices.
    adapters = TUNED._replace(method="lora", lora_rank=8, target_modules="all")
    assert flops(adapters)[0] == pytest.approx(44.10e9, rel=1e-3)
    kept = TUNED._replace(gradient_checkpointing=False)
    assert flops(kept) == pytest.approx((45.03e9, 1.611e9), rel=1e-3)


def test_tokens_a_second_by_hand() -> None:
    """An A100 reaches 0.87 × 312 = 271.4 TFLOPS, of which a compiled step 0.75: 203.6.

    A token: (58.99 + 2.147 ÷ 0.6) GFLOP ÷ 203.6 TFLOPS = 307.3 µs; between products 4 × 32 × (12 × 4,096
    + 4 × 14,336) × 2 bytes = 27.3 MB at 0.7 × 2,039 GB/s = 19.1 µs; AdamW in bf16 touches 14 bytes of 8.03 B
    parameters once in 4,096 tokens: 19.2 µs. Together 345.6 µs: 2,893 tokens/s."""
    assert rate(TUNED).expected == pytest.approx(2893, rel=0.01)


def test_what_makes_training_slower_and_faster() -> None:
    base = rate(TUNED).expected
    assert rate(TUNED._replace(sequence=16384, batch=1)).expected < base
    assert rate(TUNED._replace(gradient_checkpointing=False)).expected > base
    assert rate(TUNED._replace(method="lora", lora_rank=8)).expected > base
    lora, qlora = (rate(TUNED._replace(method=method, lora_rank=8)) for method in ("lora", "qlora"))
    assert qlora.expected < lora.expected
    short = TUNED._replace(sequence=64, batch=1, gradient_accumulation=8)
    assert rate(short).expected < base  # launches, not arithmetic
    assert rate(TUNED._replace(algorithm="dpo")).expected < base  # a reference model runs, too


def test_more_tflops_are_never_slower() -> None:
    a100 = gpu("A100 80GB SXM4")
    speeds = []
    for tflops in (50, 100, 200, 312, 400, 800, 1600):
        found = work_rate(TUNED, a100._replace(fp16_tflops=tflops), 1)
        assert not isinstance(found, Unsized)
        speeds.append(found.per_second)
    for slower, faster in pairwise(speeds):
        assert all(a <= b for a, b in zip(slower, faster, strict=True))


def test_copies_wait_for_gradients_where_cards_have_no_nvlink() -> None:
    """Eight copies on NVLink are nearly eight times as fast. Over PCIe each step's 2 × 7/8 × 16 GB of gradients take
    1.4 s at 20 GB/s, where 512 tokens take 0.5, unless many steps add up to one."""
    copies = TUNED._replace(processes=8, sharding="ddp")
    one, eight = rate(TUNED).expected, rate(copies, gpus=8).expected
    assert 7 < eight / one <= 8
    few = {"batch": 1, "sequence": 512}
    card = rate(TUNED._replace(**few), "RTX 4090").expected
    slow = rate(copies._replace(**few), "RTX 4090", 8).expected
    assert slow / card < 2.5
    summed = TUNED._replace(gradient_accumulation=16)
    card = rate(summed, "RTX 4090").expected
    assert 7.5 < rate(summed._replace(processes=8, sharding="ddp"), "RTX 4090", 8).expected / card <= 8


def test_one_process_uses_one_gpu_and_layers_take_turns() -> None:
    single = TUNED._replace(processes=1)
    assert rate(single, gpus=4) == rate(TUNED, gpus=1)
    assert rate(TUNED._replace(sharding="layers"), gpus=4).expected == pytest.approx(
        rate(TUNED).expected, rel=0.1
    )


def test_a_host_that_holds_the_optimizer_slows_each_step_down() -> None:
    spread = TUNED._replace(processes=8, sharding="fsdp")
    away = spread._replace(sharding="fsdp-offload")
    assert rate(away, gpus=8).expected < 0.8 * rate(spread, gpus=8).expected


def test_a_pipeline_is_filled_by_micro_batches() -> None:
    """Of 4 stages and 4 micro-batches 4 ÷ 7 of the time is work; of 32, 32 ÷ 35."""
    piped = TUNED._replace(processes=4, pipeline_parallel=4, engine="megatron-lm", gradient_accumulation=4)
    filled = piped._replace(gradient_accumulation=32)
    ratio = rate(filled, gpus=4).expected / rate(piped, gpus=4).expected
    assert ratio == pytest.approx((32 / 35) / (4 / 7), rel=0.06)


def test_experts_that_python_goes_through_bound_a_mixture() -> None:
    """48 layers × (11 ms of hooks + 128 experts × 0.7 ms) = 4.83 s a micro-step of 8 × 1,024 tokens: below 1,697 a
    second, where 3.3 of 30.5 B parameters compute. Megatron takes the experts at once."""
    mixture = Workload(
        task="train", modality="text", engine="llama-factory", method="lora", sharding="zero3", processes=8,
        model=CATALOG.resolve_model("Qwen/Qwen3-30B-A3B").model, sequence=1024, batch=1, packing=True,
    )  # fmt: skip
    assert 0.8 * 1697 < rate(mixture, gpus=8).expected <= 1697
    grouped = mixture._replace(engine="megatron-lm", sharding="zero1")
    assert rate(grouped, gpus=8).expected > 5 * rate(mixture, gpus=8).expected


def test_what_is_not_known_is_not_guessed() -> None:
    assert isinstance(work_rate(TUNED._replace(algorithm="grpo"), gpu("A100 80GB SXM4")), Unsized)
    assert isinstance(work_rate(TUNED, gpu("A100 80GB SXM4")._replace(fp16_tflops=None)), Unsized)


@pytest.mark.parametrize(
    ("name", "tflops"),
    [
        ("A100 80GB SXM4", 0.87 * 312),
        ("RTX 4090", 0.92 * 165.2),
        ("L4", 72 * 0.7),  # 121 on its data sheet, but 72 W
        ("H100 PCIe", 350 * 1.05),
        ("MI300X", 0.56 * 1307),
    ],
)
def test_what_products_reach(name: str, tflops: float) -> None:
    found = matmul_tflops(gpu(name))
    assert found is not None
    assert found.expected == pytest.approx(tflops)


def read(run: str, files: dict[str, str] | None = None) -> Workload:
    job = Job(run=run, gpu_types=(GpuChoice("A100-80GB", 4, ""),), pointers={"run": "/run"})
    return read_workload(job, read_steps(job, "spec.jsonc", dict(files or {}).get), catalog=CATALOG)


HF = "train.py --model_name_or_path Qwen/Qwen2.5-7B --per_device_train_batch_size 2 --max_seq_length 1024"
MEGATRON = (
    "torchrun --nproc_per_node 4 pretrain_gpt.py --train-iters 1000 --global-batch-size 64 --num-layers 24 "
    "--hidden-size 1024 --num-attention-heads 16 --seq-length 2048"
)
AXOLOTL = "base_model: Qwen/Qwen2.5-7B\nmicro_batch_size: 1\nsequence_len: 2048\n"


@pytest.mark.parametrize(
    ("run", "files", "expected"),
    [
        (f"python {HF} --num_train_epochs 3", {}, {"epochs": 3.0, "steps": None}),
        (f"python {HF} --num_train_epochs 3 --max_steps -1", {}, {"epochs": 3.0, "steps": None}),
        (f"python {HF} --max_steps 500", {}, {"steps": 500}),
        ("axolotl train c.yaml", {"c.yaml": AXOLOTL + "num_epochs: 4\n"}, {"epochs": 4.0}),
        ("axolotl train c.yaml", {"c.yaml": AXOLOTL + "max_steps: 200\n"}, {"steps": 200}),
        (
            "llamafactory-cli train c.yaml",
            {"c.yaml": "model_name_or_path: Qwen/Qwen2.5-7B\nstage: sft\nmax_samples: 1000\nnum_train_epochs: 3.0\n"},
            {"examples": 1000, "epochs": 3.0},
        ),
        (
            "tune run lora_finetune_single_device --config llama3_1/8B_lora epochs=2 max_steps_per_epoch=50",
            {},
            {"steps": 100, "epochs": 2.0},
        ),
        (MEGATRON, {}, {"steps": 1000, "global_batch": 64}),
        (
            "python make.py",
            {"make.py": "from diffusers import FluxPipeline\n"
             'pipe = FluxPipeline.from_pretrained("black-forest-labs/FLUX.1-dev")\n'
             'pipe("a cat", num_inference_steps=20)\n'},
            {"denoising_steps": 20},
        ),
    ],
)  # fmt: skip
def test_how_long_commands_train(run: str, files: dict[str, str], expected: dict[str, Any]) -> None:
    found = read(run, files)
    assert {field: getattr(found, field) for field in expected} == expected
    for field, value in expected.items():
        assert value is None or found.origin(field).text


def test_tokens_asked() -> None:
    """500 steps × 2 sequences × 4 accumulated × 4 GPUs × 1,024 tokens = 16,384,000 where packing fills them."""
    run = f"torchrun --nproc_per_node 4 {HF} --max_steps 500 --gradient_accumulation_steps 4"
    packed, loose = tokens_asked(read(f"{run} --packing"), 4), tokens_asked(read(run), 4)
    assert packed is not None
    assert packed.total.expected == 16_384_000
    assert loose is not None
    assert loose.total.low < loose.total.expected < loose.total.high == 16_384_000
    asked = tokens_asked(read(MEGATRON), 4)
    assert asked is not None
    assert asked.total.high == 1000 * 64 * 2048
    assert tokens_asked(read(f"python {HF} --num_train_epochs 3")) is None  # how many examples nobody says


def test_a_size_that_is_not_its_models_gives_a_speed_all_the_same() -> None:
    """`params_b` may be said of a model whose embedding alone is larger: nothing then takes less than no time."""
    rate(TUNED._replace(method="qlora", quantization="nf4", params_b=0.01, sequence=64))
