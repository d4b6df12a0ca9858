"""What quantization configs say of a dense model's layers, head and embedding, and of a mixture's experts."""

from __future__ import annotations

from typing import Any

import pytest

from gpuspec.architectures.precision import read_precision
from gpuspec.architectures.read import read_architecture
from gpuspec.architectures.stored import stored_weights

DENSE = {
    "model_type": "llama", "hidden_size": 64, "intermediate_size": 128, "num_hidden_layers": 4,
    "num_attention_heads": 4, "num_key_value_heads": 2, "vocab_size": 100, "tie_word_embeddings": False,
    "torch_dtype": "bfloat16",
}  # fmt: skip
MIXTURE = {
    **DENSE, "model_type": "qwen3_moe", "num_experts": 8, "num_experts_per_tok": 2, "moe_intermediate_size": 32,
    "head_dim": 16,
}  # fmt: skip


def kept(
    quantization: dict[str, Any], config: dict[str, Any] = DENSE, **more: Any
) -> dict[str, tuple[str, float]]:
    """Part → (scheme, bits) of its linear layers, or of the embedding; the scheme of most of its weights."""
    whole = {**config, **more, "quantization_config": quantization}
    precision = read_precision(whole)
    assert precision.unread == ""
    found: dict[str, tuple[str, float]] = {}
    rows = stored_weights(read_architecture(whole), precision)
    for row in sorted(rows, key=lambda row: row.parameters):
        if row.linear or row.part == "embedding":
            found[row.part] = row.scheme, round(row.bits, 4)
    return found


def grouped(bits: int, kind: str = "int", size: int | None = None, **more: Any) -> dict[str, Any]:
    """A config of compressed-tensors with one group."""
    weights = {"num_bits": bits, "type": kind, "group_size": size, "symmetric": more.pop("symmetric", True)}
    group = {"targets": more.pop("targets", ["Linear"]), "weights": weights, **more.pop("group", {})}
    return {
        "quant_method": "compressed-tensors",
        "config_groups": {"group_0": group},
        "ignore": ["lm_head"],
        **more,
    }


HQQ = {"nbits": 4, "group_size": 64}
QUARK = {"weight": {"dtype": "fp4", "qscheme": "per_group", "group_size": 32, "scale_format": "e8m0"}}


@pytest.mark.parametrize(
    ("quantization", "scheme", "bits"),
    [
        ({"quant_method": "fp8"}, "fp8", 8.0),
        ({"quant_method": "fp8", "weight_block_size": [128, 128]}, "fp8", 8.002),  # a 32-bit scale for 16,384
        ({"quant_method": "fp8", "weight_block_size": [1, 32], "scale_fmt": "ue8m0"}, "fp8", 8.25),
        ({"quant_method": "fbgemm_fp8", "activation_scale_ub": 1200.0}, "fp8", 8.0),
        (grouped(8, "float"), "fp8", 8.0),
        (grouped(8, "float", 32, format="mxfp8-quantized"), "fp8", 8.25),
        (grouped(4, "float", 16, format="nvfp4-pack-quantized"), "nvfp4", 4.5),
        (grouped(4, "float", 32, format="mxfp4-pack-quantized"), "mxfp4", 4.25),
        (grouped(4, "float", 32, group={"format": "mxfp4-pack-quantized"}), "mxfp4", 4.25),
        (grouped(4, "int", 128), "int4", 4.125),
        (grouped(4, "int", 32), "int4", 4.5),  # Kimi K2 Thinking
        (grouped(4, "int", 128, symmetric=False), "int4", 4.1562),
        (grouped(8, "int"), "int8", 8.0),
        (grouped(4, "int", 128, format="marlin-24"), "int4", 3.125),  # 2:4: half the weights, and a bit for each
        (grouped(8, "float", sparsity_config={"format": "sparse-24-bitmask"}), "fp8", 5.0),
        ({"quant_method": "modelopt", "quant_algo": "NVFP4", "ignore": ["lm_head"]}, "nvfp4", 4.5),
        ({"quant_method": "modelopt", "quant_algo": "FP8", "ignore": ["lm_head"]}, "fp8", 8.0),
        ({"quant_method": "modelopt", "quant_algo": "MXFP8", "ignore": ["lm_head"]}, "fp8", 8.25),
        ({"quant_method": "modelopt", "quant_algo": "W4A16_AWQ", "ignore": ["lm_head"]}, "awq", 4.156),
        ({"quant_method": "gptq", "bits": 4, "group_size": 128}, "gptq-int4", 4.1562),
        ({"quant_method": "gptq", "bits": 8, "group_size": 128}, "gptq-int8", 8.1875),
        ({"quant_method": "gptq", "bits": 3, "group_size": -1}, "gptq-int3", 3.0),
        ({"quant_method": "awq", "bits": 4, "group_size": 128}, "awq", 4.1562),
        ({"quant_method": "awq", "w_bit": 4, "q_group_size": 64}, "awq", 4.3125),
        ({"quant_method": "auto-round", "bits": 2, "group_size": 32}, "gptq-int2", 2.5625),
        ({"quant_method": "intel/auto-round", "bits": 4, "group_size": 32, "data_type": "mx_fp"}, "mxfp4", 4.25),
        ({"quant_method": "hqq", "quant_config": {"weight_quant_params": HQQ}}, "int4", 4.5),
        ({"quant_method": "bitsandbytes", "load_in_4bit": True}, "nf4", 4.5),  # 32 bits for 64 weights
        ({"quant_method": "bitsandbytes", "bnb_4bit_use_double_quant": True}, "nf4-dq", 4.127),  # QLoRA, section 3
        ({"quant_method": "bitsandbytes", "load_in_8bit": True}, "int8", 8.0),
        ({"quant_method": "quark", "global_quant_config": QUARK, "exclude": ["lm_head"]}, "mxfp4", 4.25),
        ({"quant_method": "torchao", "quant_type": "int4_weight_only"}, "int4", 4.25),
        ({"quant_method": "torchao", "quant_type": {"default": {"_type": "Float8WeightOnlyConfig"}}}, "fp8", 8.0),
        ({"quant_method": "eetq", "weights": "int8"}, "int8", 8.0),
        ({"quant_method": "quanto", "weights": "int4"}, "int4", 4.0),
        ({"quant_method": "quanto", "weights": "float8"}, "fp8", 8.0),
        (  # "2x8" in the names of its checkpoints is two codes of 8 bits for 8 weights
            {"quant_method": "aqlm", "num_codebooks": 2, "nbits_per_codebook": 8, "in_group_size": 8},
            "aqlm",
            2.0,
        ),
        (  # v8-k65536-256: 16 bits and 8 more for 8 weights
            {
                "quant_method": "vptq",
                "shared_layer_config": {
                    "vector_lens": [-1, 8], "num_centroids": [-1, 65536], "num_res_centroids": [-1, 256],
                },
            },
            "vptq",
            3.0,
        ),
        ({"quant_method": "bitnet"}, "int2", 2.0),
        ({"quant_method": "exl2", "bits": 4.25}, "bpw:4.25", 4.25),
    ],
)  # fmt: skip
def test_linear_layers(quantization: dict[str, Any], scheme: str, bits: float) -> None:
    found = kept(quantization)
    assert found["mlp"] == found["attention"] == (scheme, bits)
    assert found["head"] == found["embedding"] == ("bf16", 16.0)


def test_mlx_keeps_embedding_head_and_router_in_few_bits_and_some_in_others() -> None:
    found = kept(
        {
            "group_size": 64,
            "bits": 4,
            "lm_head": False,
            **{f"model.layers.{layer}.mlp.gate": {"group_size": 64, "bits": 8} for layer in range(4)},
        },
        MIXTURE,
    )
    assert found["embedding"] == found["experts"] == ("int4", 4.5)  # a scale and an offset of 16 bits for 64
    assert found["router"] == ("int8", 8.5)
    assert found["head"] == ("bf16", 16.0)


def test_head_with_bits_of_its_own() -> None:
    assert kept({"quant_method": "exl3", "bits": 3.0, "head_bits": 6})["head"] == ("bpw:6", 6.0)
    assert (
        kept({"quant_method": "gptq", "bits": 4, "group_size": 32, "lm_head": True})["head"][0] == "gptq-int4"
    )


def test_experts_of_gpt_oss_alone() -> None:
    found = kept({"quant_method": "mxfp4", "modules_to_not_convert": ["model.layers.*.self_attn"]}, MIXTURE)
    assert found["experts"] == ("mxfp4", 4.25)
    assert found["attention"] == found["router"] == ("bf16", 16.0)


def test_fused_experts_stay_in_sixteen_bits_with_bitsandbytes() -> None:
    quantization = {"quant_method": "bitsandbytes", "load_in_4bit": True}
    assert kept(quantization, MIXTURE)["experts"][0] == "nf4"
    granite = {"model_type": "granitemoe", "torch_dtype": "bfloat16"}  # the sizes of its class
    found = kept(quantization, granite)
    assert (found["experts"][0], found["attention"][0]) == ("bf16", "nf4")


@pytest.mark.parametrize(
    "names",
    [
        ["model.layers.0.mlp", "model.layers.1.mlp", "model.layers.2.mlp", "model.layers.3.mlp"],
        [f"model.language_model.layers.{n}.mlp.{name}_proj" for n in range(4) for name in ("gate", "up", "down")],
        [f"language_model.model.layers.{layer}.mlp*" for layer in range(4)],
        ["model.layers.*.mlp.*"],
        ["*.mlp.*"],
        ["mlp"],
        ["layers.*.ffn"],
        ["re:.*mlp.*"],
        [r"re:.*\.mlp\.(gate|up|down)_proj$"],
        [r"re:model\.layers\.\d+\.mlp\..*"],
        ["gate_proj", "up_proj", "down_proj"],
    ],
)  # fmt: skip
@pytest.mark.parametrize("key", ["ignore", "modules_to_not_convert"])
def test_lists_of_modules_that_stay(names: list[str], key: str) -> None:
    found = kept({"quant_method": "fp8", key: names})
    assert (found["mlp"], found["attention"]) == (("bf16", 16.0), ("fp8", 8.0))


@pytest.mark.parametrize(
    "names", [["model.layers.1.mlp*"], [r"re:.*layers\.1\..*mlp.*"], ["model.layers.1.mlp"]]
)
def test_one_layer_stays(names: list[str]) -> None:
    whole = {
        **DENSE,
        "num_hidden_layers": 12,
        "quantization_config": {"quant_method": "fp8", "ignore": names},
    }
    rows = stored_weights(read_architecture(whole), read_precision(whole))
    stay = sum(row.parameters for row in rows if row.part == "mlp" and row.scheme == "bf16")
    assert stay == 3 * 64 * 128  # not layers 10 and 11


def test_a_tower_that_stays_is_not_taken_for_layers_of_the_text() -> None:
    names = ["visual.layers.0.mlp.down_proj", "model.vision_tower.encoder.layers.1*", "mtp.layers.0*", "mtp*"]
    assert kept({"quant_method": "fp8", "ignore": names})["mlp"] == ("fp8", 8.0)
    whole = {**DENSE, "quantization_config": {"quant_method": "fp8", "ignore": names}}
    rows = stored_weights(read_architecture(whole), read_precision(whole))
    assert {row.scheme for row in rows if row.linear and row.part in ("mlp", "attention")} == {"fp8"}


def test_groups_by_name_go_before_those_by_class() -> None:
    groups = {
        "group_0": {"targets": ["Linear"], "weights": {"num_bits": 4, "type": "int", "group_size": 128}},
        "group_1": {"targets": [r"re:.*self_attn.*"], "weights": {"num_bits": 8, "type": "float"}},
    }
    found = kept({"quant_method": "compressed-tensors", "config_groups": groups, "ignore": []})
    assert (found["mlp"][0], found["attention"][0], found["head"][0]) == ("int4", "fp8", "int4")


def test_an_algorithm_for_each_module() -> None:
    layers = {
        f"model.layers.{layer}.self_attn.{name}_proj": {"quant_algo": "FP8"}
        for layer in range(4)
        for name in "qkvo"
    }
    layers |= {
        f"backbone.layers.{layer}.mlp": {"quant_algo": "NVFP4", "group_size": 16} for layer in range(4)
    }
    found = kept({"quant_method": "modelopt", "quant_algo": "MIXED_PRECISION", "quantized_layers": layers})
    assert (found["mlp"], found["attention"], found["head"]) == (("nvfp4", 4.5), ("fp8", 8.0), ("bf16", 16.0))


def test_overrides_of_gptq_and_auto_round() -> None:
    dynamic = {r"-:.*self_attn.*": {}, r"+:.*\.mlp\..*": {"bits": 8, "group_size": 32}}
    found = kept({"quant_method": "gptq", "bits": 4, "group_size": 128, "dynamic": dynamic})
    assert (found["attention"], found["mlp"]) == (("bf16", 16.0), ("gptq-int8", 8.75))
    extra = {
        f"model.layers.{layer}.self_attn.{name}_proj": {"bits": 16} for layer in range(4) for name in "qkvo"
    }
    found = kept({"quant_method": "auto-round", "bits": 4, "group_size": 128, "extra_config": extra})
    assert (found["attention"], found["mlp"]) == (("bf16", 16.0), ("gptq-int4", 4.1562))
    some = {"modules_in_block_to_quantize": [["mlp.gate_proj", "mlp.up_proj"], ["mlp.down_proj"]]}
    found = kept({"quant_method": "gptq", "bits": 4, "group_size": 128, **some})
    assert (found["attention"][0], found["mlp"][0]) == ("bf16", "gptq-int4")


def test_native_experts_of_four_bits_beneath_eight() -> None:
    quantization = {"quant_method": "fp8", "weight_block_size": [128, 128], "scale_fmt": "ue8m0"}
    found = kept(quantization, MIXTURE, expert_dtype="fp4")
    assert (found["experts"], found["attention"]) == (("mxfp4", 4.25), ("fp8", 8.0005))


def test_quantization_of_the_text_inside_a_model_that_sees() -> None:
    text = {**DENSE, "quantization_config": grouped(4, "int", 32)}  # Kimi K2.5 writes it there
    assert read_precision({"model_type": "kimi_k25", "text_config": text}).rules[0].scheme == "int4"


@pytest.mark.parametrize(
    ("quantization", "cache"),
    [
        ({"quant_algo": "FP8", "kv_cache_quant_algo": "FP8"}, "fp8"),
        (grouped(8, "float", kv_cache_scheme={"num_bits": 8, "type": "float"}), "fp8"),
        (grouped(8, "float", kv_cache_scheme=None), None),
        ({"quant_algo": "FP8", "kv_cache_quant_algo": None}, None),
    ],
)
def test_cache(quantization: dict[str, Any], cache: str | None) -> None:
    assert read_precision({**DENSE, "quantization_config": quantization}).kv_dtype == cache


def test_what_is_not_known_is_said_and_counted_as_sixteen_bits() -> None:
    whole = {**DENSE, "quantization_config": {"quant_method": "acme-1bit", "bits": 1}}
    precision = read_precision(whole)
    assert precision.unread == "its quantization (acme-1bit)"
    rows = stored_weights(read_architecture(whole), precision)
    assert {row.bits for row in rows if row.linear} == {16.0}
    assert {row.scheme for row in rows if row.part == "mlp"} == {"acme-1bit"}
