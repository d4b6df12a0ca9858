"""What takes time in a step, by hand."""

from __future__ import annotations

import pytest

from gpuspec import Gpu, resolve_model
from gpuspec.engines import Engine
from gpuspec.engines.decode import DecodeSpeed
from gpuspec.sizing.memory import Unsized
from gpuspec.sizing.shape import Shape, shape_of
from gpuspec.sizing.speed.deployment import Deployment
from gpuspec.sizing.speed.links import all_reduce, link_of
from gpuspec.sizing.speed.rates import Range
from gpuspec.sizing.speed.step import blocks_of, step_parts
from gpuspec.sizing.speed.text import speed
from gpuspec.workload import Workload

CARD = Gpu("card", "nvidia", "any", 80.0, bandwidth_gbs=2000, fp16_tflops=300, form_factor="PCIe")
ENGINE = Engine(
    "plain",
    decode=DecodeSpeed(
        bandwidth=(0.4, 0.8, 1.0),
        cache=(0.25, 0.5, 1.0),
        compute=(0.25, 0.5, 1.0),
        block=(5e-6, 10e-6, 20e-6),
        step=(0.0, 1e-3, 2e-3),
    ),
)


def writing(
    model: str, *, gpus: int = 1, many: int = 1, engine: Engine = ENGINE, **fields: object
) -> Deployment:
    base = Workload(task="serve", model=resolve_model(model).model)
    workload = base._replace(**fields)  # type: ignore[arg-type]
    shape = shape_of(workload)
    assert isinstance(shape, Shape)
    scheme = str(fields.get("quantization", "bf16"))
    return Deployment(workload, shape, scheme, engine, CARD, gpus=gpus, sequences=many, cached=1000)


def parts(at: Deployment) -> dict[str, Range]:
    return {part.name: part.seconds for part in step_parts(at)}


def test_each_part_of_a_step_of_an_8b() -> None:
    found = parts(writing("Llama-3.1-8B", many=4))
    # All of 8,030,261,248 but the input embedding, 128,256 × 4,096, in 2 bytes: 15.01 GB at 0.8 × 2,000 GB/s.
    assert found["weights"].expected == pytest.approx(15.00985e9 / 1600e9, rel=1e-4)
    assert found["weights"].low == pytest.approx(15.00985e9 / 2000e9, rel=1e-4)
    # 32 layers × 2 × 8 heads × 128 × 2 bytes = 131,072 a token; 4,000 tokens at 0.5 × 2,000 GB/s.
    assert found["cache"].expected == pytest.approx(131072 * 4000 / 1000e9)
    # 2 × 7.505 B × 3 tokens beside the first at half of 300 TFLOPS.
    assert found["arithmetic"].expected == pytest.approx(2 * 7.504924672e9 * 3 / 150e12, rel=1e-4)
    # 32 of attention and 32 feed-forward, 10 µs each.
    assert found["launches"].expected == pytest.approx(640e-6)
    assert found["choosing"] == Range(0.0, 1e-3, 2e-3)


def test_gpus_that_share_each_layer_wait_for_each_other_twice_in_it() -> None:
    one, two = (parts(writing("Llama-3.1-8B", gpus=n, tensor_parallel=n)) for n in (1, 2))
    assert two["weights"].expected == pytest.approx(one["weights"].expected / 2)
    assert two["cache"].expected == pytest.approx(one["cache"].expected / 2)
    assert "all-reduce" not in one
    # 64 of them; a ring of two makes 2 hops of 5 µs, and 4,096 × 2 bytes at 20 GB/s.
    assert two["all-reduce"].expected == pytest.approx(64 * (10e-6 + 8192 / 20e9))


def test_gpus_that_hold_layers_work_one_after_another() -> None:
    one, two = (parts(writing("Llama-3.1-8B", gpus=n)) for n in (1, 2))
    assert two["weights"] == one["weights"]
    assert two["handing on"].expected > 0


def test_a_pipeline_works_on_as_many_groups_of_sequences() -> None:
    assert writing("Llama-3.1-8B", gpus=2, many=8).batch == 4
    assert writing("Llama-3.1-8B", gpus=2, many=1).batch == 1
    in_turn = ENGINE._replace(decode=ENGINE.decode._replace(in_turn=True))
    assert writing("Llama-3.1-8B", gpus=2, many=8, engine=in_turn).batch == 8


def test_copies_share_the_sequences() -> None:
    at = writing("Llama-3.1-8B", gpus=4, many=8, data_parallel=2, tensor_parallel=2)
    assert (at.copies, at.tensor_parallel, at.stages, at.batch) == (2, 2, 1, 4)


@pytest.mark.parametrize(("many", "share"), [(1, 8 / 128), (16, 1 - (1 - 8 / 128) ** 16)])
def test_sequences_choose_experts_as_if_by_chance(many: int, share: float) -> None:
    at = writing("Qwen3-30B-A3B", many=many)
    (experts,) = (row for row, _ in at.stored if row.part == "experts")
    # 48 layers × 128 experts × 3 × 2,048 × 768.
    assert experts.parameters == 48 * 128 * 3 * 2048 * 768
    assert at.touched(experts, many) == pytest.approx(share)


def test_layers_are_made_of_blocks() -> None:
    dense, mixture, hybrid, nemotron = (
        blocks_of(writing(name).shape)
        for name in ("Llama-3.1-8B", "Qwen3-30B-A3B", "Qwen3.6-27B", "Nemotron-3-Nano-30B-A3B")
    )
    assert (dense.attention, dense.recurrent, dense.feed_forward, dense.routed) == (32, 0, 32, False)
    assert (mixture.attention, mixture.feed_forward, mixture.routed) == (48, 48, True)
    # Every fourth of 64 layers attends to all; each has a feed-forward network.
    assert (hybrid.attention, hybrid.recurrent, hybrid.feed_forward) == (16, 48, 64)
    # 52 layers: 6 of attention, 23 of Mamba, 23 of experts alone.
    assert (nemotron.attention, nemotron.recurrent, nemotron.feed_forward) == (6, 23, 23)


def test_a_host_that_launches_each_kernel_works_while_the_gpu_does() -> None:
    eager = ENGINE._replace(decode=ENGINE.decode._replace(eager_block=(100e-6, 200e-6, 400e-6)))
    found = parts(writing("Llama-3.1-8B", engine=eager, eager=True))
    working = sum(found[name].expected for name in ("weights", "cache"))
    assert found["launches"].expected == pytest.approx(64 * 200e-6 - working)
    assert parts(writing("Llama-3.1-8B", engine=eager))["launches"].expected == pytest.approx(640e-6)


def test_what_stays_on_the_host_is_read_there() -> None:
    llama = ENGINE._replace(name="llama.cpp", memory=_ggml())
    whole, half = (parts(writing("Llama-3.1-8B", engine=llama, layers_on_gpu=n)) for n in (33, 17))
    assert "host" not in whole
    # Half of the 32 layers: 6,979,584,000 parameters beside embedding and head.
    layers = 2 * (8_030_261_248 - 2 * 128_256 * 4096)
    assert whole["weights"].expected - half["weights"].expected == pytest.approx(
        layers / 2 / 1600e9, rel=1e-4
    )
    # At 38 GB/s, the cache at 9, and 16 layers handed over in 60 µs.
    by_hand = layers / 2 / 38e9 + 131_072 * 1000 / 2 / 9e9 + 16 * 60e-6
    assert half["host"].expected == pytest.approx(by_hand, rel=1e-4)


def test_what_has_no_room_goes_to_the_host_experts_first() -> None:
    llama = ENGINE._replace(name="llama.cpp", memory=_ggml())
    fits = parts(writing("Qwen3-30B-A3B", engine=llama, quantization="gguf:Q4_K_M"))
    larger = parts(writing("Qwen3-235B-A22B", engine=llama, quantization="gguf:Q4_K_M"))
    assert "host" not in fits
    assert larger["host"].expected > larger["weights"].expected


def test_a_mixture_known_by_its_name_alone() -> None:
    """ "35B-A3B": nearest is Qwen3-30B-A3B, whose experts' matrices are 3 × 48 × 2,048 × 768 each."""
    shape = shape_of(Workload(params_b=35.0, active_b=3.0))
    assert isinstance(shape, Shape)
    assert (shape.layers, shape.experts_used, shape.exact) == (48, 8, False)
    assert sum(row.parameters for row in shape.weights) == pytest.approx(35e9, rel=0.01)
    assert sum(row.active for row in shape.weights) == pytest.approx(3e9, rel=0.03)


def test_copies_that_share_experts_exchange_tokens() -> None:
    at = writing("Qwen3-30B-A3B", gpus=2, many=8, data_parallel=2, expert_parallel=2)
    assert parts(at)["exchange"].expected == pytest.approx(2 * 48 * 95e-6)
    # Each GPU reads half of the experts that all eight choose.
    (experts,) = (size for row, size in at.stored if row.part == "experts")
    (row,) = (row for row, _ in at.stored if row.part == "experts")
    alone = parts(writing("Qwen3-30B-A3B", many=8))["weights"].expected
    assert parts(at)["weights"].expected == pytest.approx(alone - experts * at.touched(row, 8) / 2 / 1600e9)


def _ggml():  # type: ignore[no-untyped-def]
    from gpuspec.engines import engine_of

    return engine_of("llama.cpp").memory


def test_links() -> None:
    board = CARD._replace(nvlink=True, form_factor="SXM5", architecture="Hopper")
    assert link_of(board).name == "NVLink"
    assert link_of(CARD).name == "PCIe"
    assert "bridge" in link_of(CARD._replace(nvlink=True)).name
    assert all_reduce(link_of(CARD), 1, 1e6) == Range(0.0, 0.0, 0.0)
    # One step of 6 µs, and 2 × 7/8 of a megabyte at 0.6 × 450 GB/s.
    assert all_reduce(link_of(board), 8, 1e6).expected == pytest.approx(6e-6 + 1.75e6 / 270e9)
    # A ring of eight: 14 hops.
    assert all_reduce(link_of(CARD), 8, 1e6).expected == pytest.approx(14 * 5e-6 + 1.75e6 / 20e9)


@pytest.mark.parametrize(
    ("model", "name", "known"),
    [
        (
            "DeepSeek-V3",
            "deepseek-ai/DeepSeek-V3",
            True,
        ),  # 8.002 bits: `weight_block_size` of its config.json
        ("Qwen3-8B", "Qwen/Qwen3-8B-FP8", True),
        ("Llama-3.1-8B", "nvidia/Llama-3.1-8B-Instruct-FP8", False),
        ("Llama-3.1-8B", "meta-llama/Llama-3.1-8B", False),  # by --quantization fp8
        ("Llama-3.1-8B", "somebody/Llama-3.1-8B-FP8", None),
    ],
)
def test_fp8_has_one_scale_for_a_matrix_or_one_for_each_block(
    model: str, name: str, known: bool | None
) -> None:
    one, many = (0.0, 10e-6, 90e-6), (50e-6, 140e-6, 250e-6)
    engine = ENGINE._replace(decode=ENGINE.decode._replace(in_scheme={"fp8": one}, in_blocks=many))
    at = writing(model, engine=engine, quantization="fp8", model_name=name)
    at.gpu = CARD._replace(fp8=True)
    assert at.in_blocks is known
    layers = parts(at)["launches"].expected - at_16_bit(at)
    assert layers == pytest.approx(at.shape.layers * {True: 140e-6, False: 10e-6, None: 75e-6}[known])
    at.gpu = CARD  # without FP8, weights alone are unpacked
    assert at.in_blocks is False


def at_16_bit(at: Deployment) -> float:
    """What launches take without the scheme."""
    return blocks_of(at.shape).launched() * 10e-6


def test_convolutions_are_quicker_than_attention() -> None:
    """LFM2-1.2B: 10 convolutions and 6 of attention, a feed-forward network in each layer."""
    blocks = blocks_of(writing("LFM2-1.2B").shape)
    assert (blocks.attention, blocks.convolutions, blocks.feed_forward) == (6, 10, 16)
    assert blocks.launched() == pytest.approx(6 + 10 * 0.64 + 16)


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({"model_name": "google/diffusiongemma-26B-A4B-it"}, "diffusion"),
        ({"model_name": "somebody/35B", "params_b": 35.0, "experts_on_host": 26}, "mixture"),
    ],
)
def test_what_is_not_one_token_through_known_weights_has_no_speed(
    fields: dict[str, object], why: str
) -> None:
    base = Workload(task="serve", modality="text", engine="llama.cpp", params_b=26.0)
    found = speed(base._replace(**fields), CARD)  # type: ignore[arg-type]
    assert isinstance(found, Unsized)
    assert why in found.reason
