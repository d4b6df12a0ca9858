"""Weights by part and caches by kind, against arithmetic by hand."""

from __future__ import annotations

from json import dumps
from typing import Any

import pytest

from gpuspec import resolve_model
from gpuspec.architectures.parts import Cache, StoredWeights
from gpuspec.catalog import Catalog, Model
from gpuspec.sizing import Need, Unsized, need
from gpuspec.sizing.kv import kv_cache
from gpuspec.sizing.shape import Shape, shape_of
from gpuspec.sizing.speed.rates import Speed
from gpuspec.sizing.speed.text import speed
from gpuspec.sizing.weights import weights
from gpuspec.testing import workload_of
from gpuspec.workload import Workload

GIB = 2.0**30
LAYERS_OF_V3 = 61
LATENT = 512 + 64
"""DeepSeek-V3's compressed keys and values, and the part of the key that carries positions."""


def serving(name: str, gpus: int = 1, **more: Any) -> Need:
    match = resolve_model(name)
    fields = {"engine": "vllm", "context": 8192, **more}
    answer = need(Workload(task="serve", model=match.model, modality="text", **fields), gpus)
    assert isinstance(answer, Need), answer
    return answer


def part(answer: Need, name: str) -> float:
    return sum(each.expected for each in answer.parts if each.name == name)


def small(**more: Any) -> Model:
    """A model of two parts, 3 B parameters."""
    rows = (
        StoredWeights("embedding", 1_000_000_000, 1_000_000_000, "bf16", 16.0, linear=False),
        StoredWeights("mlp", 2_000_000_000, 2_000_000_000, "fp8", 8.0),
    )
    cache = Cache("full", 2 * 4 * 128, 4, layers=10)
    fields = {"params_b": 3.0, "layers": 10, "hidden": 1024, "kv_heads": 4, "vocab": 10_000, **more}
    return Model("small", weights=rows, caches=(cache,), **fields)


def shape(model: Model) -> Shape:
    found = shape_of(Workload(model=model))
    assert isinstance(found, Shape)
    return found


# -- caches ------------------------------------------------------------------------------------------


def test_tensor_parallelism_copies_the_latent_cache() -> None:
    """vLLM's MLAAttentionSpec has one head, which every GPU keeps."""
    by_hand = LAYERS_OF_V3 * LATENT * 2 * 8192 / GIB
    for gpus in (1, 8):
        answer = serving("DeepSeek-V3", gpus, tensor_parallel=gpus)
        assert part(answer, "KV cache") == pytest.approx(by_hand)


def test_pipelines_divide_the_latent_cache() -> None:
    answer = serving("DeepSeek-V3", 16, tensor_parallel=8, pipeline_parallel=2)
    assert part(answer, "KV cache") == pytest.approx(LAYERS_OF_V3 * LATENT * 2 * 8192 / 2 / GIB)


@pytest.mark.parametrize(("gpus", "heads"), [(1, 8), (4, 2), (8, 1), (16, 1)])
def test_key_and_value_heads_divide_down_to_one_a_gpu(gpus: int, heads: int) -> None:
    answer = serving("Llama-3.1-70B", gpus, tensor_parallel=gpus)
    assert part(answer, "KV cache") == pytest.approx(80 * 2 * heads * 128 * 2 * 8192 / GIB)


def test_an_engine_that_spreads_layers_divides_every_cache() -> None:
    answer = serving("DeepSeek-V3", 4, engine="transformers")
    assert part(answer, "KV cache") == pytest.approx(LAYERS_OF_V3 * LATENT * 2 * 8192 / 4 / GIB)


@pytest.mark.parametrize(
    ("cache", "bytes_of_one"),
    [
        (Cache("full", 512, 2, layers=3), 3 * 512 * 1000 * 2),
        (Cache("window", 512, 2, window=100, layers=3), 3 * 512 * 100 * 2),
        (Cache("latent", 576, stride=4, layers=2), 2 * 576 * 250 * 2),
        (Cache("index", 128, bits=8, layers=2), 2 * 128 * 1000),
        (Cache("state", state=4096, state_bits=32, heads=8, layers=5), 5 * 4096 * 4),
    ],
)
def test_each_kind_of_cache(cache: Cache, bytes_of_one: int) -> None:
    model = small()._replace(caches=(cache,))
    assert kv_cache(shape(model), 1000, 3) == pytest.approx(3 * bytes_of_one)


def test_the_checkpoint_says_the_caches_dtype_where_the_engine_heeds_it() -> None:
    whole = 10 * 2 * 4 * 128 * 8192 / GIB
    for engine, size in (("vllm", 1), ("transformers", 2)):
        workload = Workload(model=small(kv_dtype="fp8"), modality="text", engine=engine, context=8192)
        answer = need(workload, 1)
        assert isinstance(answer, Need)
        assert part(answer, "KV cache") == pytest.approx(size * whole)


def test_context_parallelism_divides_the_tokens() -> None:
    """vLLM's --decode-context-parallel-size 8 keeps an eighth of each sequence on each GPU of tensor parallelism."""
    answer = serving("DeepSeek-V3", 8, tensor_parallel=8, context_parallel=8)
    assert part(answer, "KV cache") == pytest.approx(LAYERS_OF_V3 * LATENT * 2 * 8192 / 8 / GIB)


@pytest.mark.parametrize(
    ("name", "engine", "least"),
    [
        (
            "me/small-NVFP4",
            "vllm",
            1,
        ),  # ModelOpt's uploads mostly ask for 8 bits; nobody read this one's config
        ("me/small-FP8", "vllm", 1),
        ("me/small-AWQ", "vllm", 2),
        ("me/small", "vllm", 2),
        ("me/small-NVFP4", "transformers", 2),
    ],
)
def test_the_least_cache_of_a_quantized_checkpoint_nobody_read_is_of_8_bits(
    name: str, engine: str, least: int
) -> None:
    rows = tuple(row._replace(scheme="bf16", bits=16.0) for row in small().weights)
    workload = Workload(
        model=small()._replace(weights=rows), modality="text", model_name=name, engine=engine, context=8192
    )
    answer = need(workload, 1)
    assert isinstance(answer, Need)
    cache = next(each for each in answer.parts if each.name == "KV cache")
    whole = 10 * 2 * 4 * 128 * 8192 / GIB
    assert (cache.low, cache.expected) == (pytest.approx(least * whole), pytest.approx(2 * whole))


def test_the_cache_of_a_checkpoint_that_was_read_is_as_it_says() -> None:
    """NVIDIA's NVFP4 uploads state `kv_cache_quant_algo: FP8`: 16 of 64 layers of Qwen3.6-27B cache 2 × 4 × 256
    elements a token, at 262,144 tokens 8 GiB in 8 bits; 48 keep 786,432 × 4 + 30,720 × 2 bytes."""
    match = resolve_model("nvidia/Qwen3.6-27B-NVFP4")
    assert match.model is not None
    workload = Workload(
        model=match.model, modality="text", model_name=match.name, engine="vllm", context=262_144
    )
    answer = need(workload._replace(quantization=match.quantization), 1)
    assert isinstance(answer, Need)
    assert part(answer, "KV cache") == pytest.approx(8 + 48 * (786_432 * 4 + 30_720 * 2) / GIB, rel=0.01)
    # 17.11 B of its MLPs and 1.27 B of its head in NVFP4, 7.21 B of its attention in FP8, 1.76 B in 16 bit.
    by_hand = (18.384 * 4.5 / 8 + 7.214 + 1.758 * 2) * 1e9 / GIB
    table = 262_144 * 256 * 2 / GIB  # of its rotary embeddings: all positions, a head of 256
    assert part(answer, "weights") == pytest.approx(by_hand + table, rel=0.002)


# -- weights -----------------------------------------------------------------------------------------


def test_a_checkpoint_is_loaded_as_it_is_stored() -> None:
    assert weights(shape(small()), "fp8").expected == 1e9 * 2 + 2e9


def test_a_sixteen_bit_copy_of_a_quantized_model_is_sixteen_bit() -> None:
    """116,829,156,672 parameters of gpt-oss-120b (transformers' count), and a rotary table of 131,072 × 64."""
    answer = serving("gpt-oss-120b", quantization="bf16")
    assert part(answer, "weights") == pytest.approx((116_829_156_672 + 131_072 * 64) * 2 / GIB)
    # vLLM 0.11 logs 64.38 GiB for it on one H100: its files, 65.3 GB, with the experts padded (llm-d-planner's table)
    assert part(serving("gpt-oss-120b"), "weights") == pytest.approx(64.38, rel=0.01)


def test_towers_are_not_loaded_where_a_command_wants_the_text_alone() -> None:
    """Qwen3.6-27B's tower: 0.461 B in 16 bit. Source: vLLM 0.33 `_mark_tower_model`, `--language-model-only`."""
    whole, text = (serving("Qwen/Qwen3.6-27B", text_only=only) for only in (None, True))
    assert part(whole, "weights") - part(text, "weights") == pytest.approx(0.461e9 * 2 / GIB, rel=0.01)
    assert part(text, "vision tower") == 0


@pytest.mark.parametrize(
    ("flag", "only"),
    [
        ("--language-model-only", True),
        ("""--limit-mm-per-prompt '{"image": 0, "video": 0}'""", True),
        ("""--limit-mm-per-prompt '{"image": 2, "video": 0}'""", False),
        ("""--limit-mm-per-prompt '{"video": 0}'""", None),  # pictures may be shown: the tower is there
        ("--limit-mm-per-prompt 7", None),
    ],
)
def test_commands_that_want_the_text_alone(flag: str, only: bool | None) -> None:
    run = {"run": f"vllm serve Qwen/Qwen3.6-27B {flag}", "gpu_types": ["H200"]}
    assert workload_of(dumps(run)).text_only is only


def test_what_drafts_is_loaded_where_a_command_speculates() -> None:
    """DeepSeek-V3: 684.5 B are stored, 671.0 B without the layer that drafts and its copies of embedding and head
    (7,168 × 129,280 each), which engines share."""
    layer = 684.531e9 - 671.026e9 - 2 * 129_280 * 7168
    plain, drafting = (part(serving("DeepSeek-V3", drafts=drafts), "weights") for drafts in (None, True))
    assert (drafting - plain) * GIB == pytest.approx(layer, rel=0.01)


def test_bitsandbytes_leaves_fused_experts() -> None:
    """Qwen3-30B-A3B: 48 layers of 128 experts of 3 × 2,048 × 768; transformers 5 holds each layer's as one tensor."""
    experts = 48 * 128 * 3 * 2048 * 768
    fused, apart = (
        part(serving("Qwen3-30B-A3B", engine="transformers", quantization="nf4", engine_version=v), "weights")
        for v in ("5.24.0", "4.57.0")
    )
    assert (fused - apart) * GIB == pytest.approx(experts * (16 - 4.5) / 8)


def test_encoders_of_pictures_stay_in_sixteen_bit_unless_bitsandbytes_takes_them() -> None:
    """The tower of Qwen2.5-VL-7B has 0.63 B linear weights (its card: 32 layers of 1,280)."""
    match = resolve_model("Qwen2.5-VL-7B")
    assert match.model
    tower = sum(row.parameters for row in match.model.weights if row.part == "vision" and row.linear)
    assert 0.6e9 < tower < 0.7e9
    found = shape(match.model)
    kept = weights(found, "int4").expected - weights(found, "nf4").expected
    rest = sum(
        row.parameters for row in match.model.weights if row.part in ("attention", "mlp") and row.linear
    )
    others = sum(row.parameters for row in match.model.weights if row.part == "projector" and row.linear)
    assert kept == pytest.approx((tower + others) * (16 - 4.5) / 8 + rest * (4.156 - 4.5) / 8)


def test_a_step_reads_what_tokens_choose() -> None:
    """gpt-oss-120b: 4 of 128 experts; decoding reads no input embedding (201,088 × 2,880)."""
    model = resolve_model("gpt-oss-120b").model
    answer = speed(Workload(model=model, engine="vllm", context=2), Catalog().gpus_by_name["H200 SXM"])
    expert = 36 * 3 * (2880 * 2880 + 2880)
    rest = 116_829_156_672 - 128 * expert - 201_088 * 2880
    assert isinstance(answer, Speed)
    assert answer.parts[0].why.startswith(f"{(4 * expert * 4.25 / 8 + rest * 2) / 1e9:.2f} GB")


# -- what is not known in full -----------------------------------------------------------------------


def test_a_model_of_plain_fields_is_sized_but_not_with_certainty() -> None:
    plain = Model("mine", params_b=8.03, layers=32, hidden=4096, intermediate=14336, heads=32, kv_heads=8,
                  head_dim=128, vocab=128256, tied_embeddings=False)  # fmt: skip
    answer = need(Workload(model=plain, modality="text", engine="vllm", context=8192), 1)
    assert isinstance(answer, Need)
    assert part(answer, "weights") == pytest.approx(8.03e9 * 2 / GIB)
    assert part(answer, "KV cache") == pytest.approx(32 * 2 * 8 * 128 * 2 * 8192 / GIB)
    assert answer.confidence == "medium"


def test_experts_of_a_model_of_plain_fields() -> None:
    """Mixtral-8x7B: 8 × 3 × 4,096 × 14,336 in each of 32 layers are 45.1 of its 46.7 B."""
    plain = Model("mine", params_b=46.703, active_params_b=12.88, layers=32, hidden=4096, heads=32, kv_heads=8,
                  head_dim=128, vocab=32000, tied_embeddings=False, experts=8, experts_used=2,
                  expert_width=14336)  # fmt: skip
    assert shape(plain).expert_params == pytest.approx(8 * 3 * 4096 * 14336 * 32)


def test_another_size_than_the_models_own_is_believed() -> None:
    """Of a model twice the size nothing but the size is believed; one a little larger is built alike."""
    for billions, gigabytes in ((6.0, 12.0), (3.3, 1.1 * 4)):
        workload = Workload(model=small(), params_b=billions, modality="text", engine="vllm", context=1024)
        answer = need(workload, 1)
        assert isinstance(answer, Need)
        assert part(answer, "weights") == pytest.approx(gigabytes * 1e9 / GIB)
        assert answer.confidence == "medium"


def test_what_is_unsure_is_never_said_with_high_confidence() -> None:
    sure, unsure = (
        need(Workload(model=small(unsure=why), modality="text", engine="vllm", context=1024), 1)
        for why in ("", "its tower was not counted")
    )
    assert isinstance(sure, Need)
    assert isinstance(unsure, Need)
    assert (sure.confidence, unsure.confidence) == ("high", "medium")
    assert any("its tower was not counted" in text for text in unsure.assumptions)
    assert unsure.high > sure.high


# -- speculative decoding ----------------------------------------------------------------------------


ITSELF = "deepseek-ai/DeepSeek-V3"


@pytest.mark.parametrize(
    ("command", "drafts", "draft", "others"),
    [
        ("""--speculative-config '{"method": "mtp", "num_speculative_tokens": 1}'""", True, None, ()),
        ("""--speculative-config '{"method": "deepseek_mtp"}'""", True, None, ()),
        (f"""--speculative-config '{{"method": "mtp", "model": "{ITSELF}"}}'""", True, None, ()),
        ("""--speculative-config '{"method": "ngram", "num_speculative_tokens": 4}'""", None, None, ()),
        ("--speculative-config.method mtp", True, None, ()),
        ("""--speculative-config '{"model": "org/draft-1B"}'""", None, "org/draft-1B", ()),
        ("""--speculative-config '{"method": "eagle3"}'""", None, None, ("unknown",)),
    ],
)
def test_what_drafts(command: str, drafts: bool | None, draft: str | None, others: tuple[str, ...]) -> None:
    found = workload_of(f'{{"run": {dumps(f"vllm serve {ITSELF} {command}")}}}')
    assert (found.drafts, found.other_models) == (drafts, others)
    assert (found.draft.model_name if found.draft else None) == draft


@pytest.mark.parametrize(
    ("more", "draft"),
    [
        ("EAGLE", ITSELF),
        ("EAGLE3 --speculative-draft-model-path org/draft", "org/draft"),
        ("NGRAM", None),
    ],
)
def test_sglang_loads_the_model_again_where_no_draft_is_named(more: str, draft: str | None) -> None:
    run = f"python -m sglang.launch_server --model-path {ITSELF} --speculative-algorithm {more}"
    found = workload_of(f'{{"run": {dumps(run)}}}')
    assert (found.draft.model_name if found.draft else None) == draft
    assert not found.other_models


def test_a_model_that_drafts_has_weights_and_a_cache_of_its_own() -> None:
    # Llama 3.2 1B: 1,235,814,400 parameters; 16 layers with 8 key heads of 64, keys and values of 2 bytes
    answer = serving(
        "meta-llama/Llama-3.1-70B-Instruct", 4, tensor_parallel=4, draft=drafting("Llama-3.2-1B")
    )
    expected = (1_235_814_400 * 2 + 16 * 8 * 64 * 2 * 2 * 8192) / 4 / GIB
    assert part(answer, "draft model") == pytest.approx(expected, rel=0.001)


def test_a_model_that_drafts_for_itself_is_there_once_or_twice() -> None:
    name = "zai-org/GLM-4.5-Air-FP8"  # 112.6 GB on the hub; SGLang's log of a start showed 2 × 25 GiB on each of 4
    draft = drafting(name)
    answer = serving(
        name, 4, tensor_parallel=4, quantization=draft.quantization, model_name=name, draft=draft
    )
    assert part(answer, "weights") + part(answer, "draft model") == pytest.approx(2 * 25, rel=0.02)
    low = next(each.low for each in answer.parts if each.name == "draft model")
    assert 0 < low < 2
    assert answer.confidence == "medium"


def test_a_draft_that_is_not_known_is_named_with_what_makes_it_known() -> None:
    draft = Workload(model_name="org/draft-of-ours")
    answer = need(Workload(task="serve", model=small(), modality="text", engine="vllm", draft=draft))
    assert isinstance(answer, Unsized)
    assert "gpuspec models add org/draft-of-ours" in answer.reason


def drafting(name: str) -> Workload:
    match = resolve_model(name)
    return Workload(model=match.model, model_name=name, quantization=match.quantization)


def test_metas_fp8_takes_the_mlps_of_all_layers_but_the_first_and_the_last() -> None:
    """Its repository has 405,868,625,920 elements, 15,237,120 more than the model: a scale for each of 2 × 53,248 +
    16,384 rows of 124 layers."""
    model = resolve_model("meta-llama/Llama-3.1-405B-Instruct-FP8").model
    found = need(Workload(task="serve", engine="vllm", model=model, context=4096))
    assert isinstance(found, Need)
    in_8_bit = 124 * 3 * 16_384 * 53_248
    by_hand = in_8_bit + 2 * (405_853_388_800 - in_8_bit)
    assert found.weights * 2**30 == pytest.approx(by_hand, rel=0.005)
