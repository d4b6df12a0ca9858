"""What hybrid, recurrent and latent models remember, in bytes: by hand from their configs and vLLM's shapes.

Bytes a token (of layers that remember every one) and a sequence (states, and windows when they are full), with
16 bits for what the engine stores in the model's dtype. Shapes: vLLM 0.33.0, `MambaStateShapeCalculator` and
`MambaStateDtypeCalculator` (mamba_utils.py), `MLAAttentionSpec` (kv_cache_interface.py), `DeepseekV32IndexerCache`
(128 keys of 8 bits and a scale of 32), models/deepseek_v4 (entries of 584 bytes), models/glm5next, minicpm3.py.
Sizes: the config.json of each model on the hub."""

from __future__ import annotations

from typing import Any

import pytest

from gpuspec.architectures.parts import Cache
from gpuspec.architectures.read import read_architecture


def config(model_type: str, layers: int, hidden: int, **more: Any) -> dict[str, Any]:
    """A config under the names that most have."""
    sizes = {
        "num_hidden_layers": layers,
        "hidden_size": hidden,
        "intermediate_size": hidden,
        "vocab_size": 1000,
    }
    return {"model_type": model_type, **sizes, **more}


def attends(layers: int, every: int) -> list[str]:
    """Attention in each `every`-th layer, something linear in the others."""
    return ["linear_attention" if (index + 1) % every else "full_attention" for index in range(layers)]


MLA = {
    "num_attention_heads": 128,
    "q_lora_rank": 1536,
    "kv_lora_rank": 512,
    "qk_nope_head_dim": 128,
    "qk_rope_head_dim": 64,
    "v_head_dim": 128,
    "n_routed_experts": 8,
    "num_experts_per_tok": 2,
    "moe_intermediate_size": 64,
    "n_shared_experts": 1,
    "first_k_dense_replace": 1,
}
INDEXER = {"index_n_heads": 64, "index_head_dim": 128, "index_topk": 2048}
EVERY_FOURTH = ["full"] * 3 + (["shared"] * 3 + ["full"]) * 18 + ["shared"] * 3
DELTA = {
    "linear_num_key_heads": 16,
    "linear_num_value_heads": 32,
    "linear_key_head_dim": 128,
    "linear_value_head_dim": 128,
    "linear_conv_kernel_dim": 4,
    "num_attention_heads": 16,
    "num_key_value_heads": 2,
    "head_dim": 256,
    "num_experts": 8,
    "num_experts_per_tok": 2,
    "moe_intermediate_size": 64,
    "shared_expert_intermediate_size": 64,
}
KIMI = {
    **MLA,
    "num_attention_heads": 32,
    "num_experts": 8,
    "num_experts_per_token": 2,
    "num_shared_experts": 1,
}
KIMI.pop("n_routed_experts")
KIMI_LINEAR = {
    "num_heads": 32,
    "head_dim": 128,
    "short_conv_kernel_size": 4,
    "full_attn_layers": [4, 8, 12, 16, 20, 24, 27],
    "kda_layers": [index for index in range(1, 27) if index % 4],
}
KIMI_K3 = {
    "num_heads": 96,
    "head_dim": 128,
    "short_conv_kernel_size": 4,
    "use_full_rank_gate": True,
    "full_attn_layers": [*range(4, 93, 4), 93],
    "kda_layers": [index for index in range(1, 93) if index % 4],
}
MAMBA_2 = {
    "mamba_expand": 2,
    "mamba_n_heads": 128,
    "mamba_d_head": 64,
    "mamba_d_state": 128,
    "mamba_n_groups": 1,
    "mamba_d_conv": 4,
    "num_attention_heads": 32,
    "num_key_value_heads": 8,
}
NEMOTRON = {
    "mamba_head_dim": 64,
    "n_groups": 8,
    "conv_kernel": 4,
    "expand": 2,
    "num_attention_heads": 64,
    "n_routed_experts": 8,
    "moe_intermediate_size": 64,
}
RING = {"head_dim": 128, "layer_group_size": 8, "group_norm_size": 8}
V4_STRIDES = [0, 0, *[4, 128] * 20, 4]
CASES: dict[str, tuple[dict[str, Any], float, int]] = {
    "DeepSeek-V3: 512 + 64 a layer": (config("deepseek_v3", 61, 7168, **MLA), 61 * 576 * 2, 0),
    "Kimi K2: the same": (config("kimi_k2", 61, 7168, **MLA), 61 * 576 * 2, 0),
    "DeepSeek-V2-Lite: no low rank for queries": (
        config("deepseek_v2", 27, 2048, **{**MLA, "q_lora_rank": None}),
        27 * 576 * 2,
        0,
    ),
    "DeepSeek-V3.2: and a key of the indexer": (
        config("deepseek_v32", 61, 7168, **MLA, **INDEXER),
        61 * (576 * 2 + 132),
        0,
    ),
    "GLM-5.1: an indexer in each of 78 layers": (
        config("glm_moe_dsa", 78, 6144, **MLA, **INDEXER),
        78 * (576 * 2 + 132),
        0,
    ),
    "GLM-5.2: an indexer in 21 of 78 layers": (
        config("glm_moe_dsa", 78, 6144, **MLA, **INDEXER, indexer_types=EVERY_FOURTH),
        78 * 576 * 2 + 21 * 132,
        0,
    ),
    "LongCat-Flash: two attentions a layer": (
        config(
            "longcat_flash", 28, 6144, **MLA, ffn_hidden_size=64, expert_ffn_hidden_size=64, num_layers=28
        ),
        28 * 2 * 576 * 2,
        0,
    ),
    "MiniCPM3: 40 heads of 96, values filled up to that": (
        config("minicpm3", 62, 2560, num_attention_heads=40, v_head_dim=64),
        62 * 40 * 2 * 96 * 2,
        0,
    ),
    "DeepSeek-V4-Flash: 21 layers with a stride of 4, 20 with 128, a window of 128 in all 43": (
        config("deepseek_v4", 43, 4096, compress_ratios=V4_STRIDES, qk_rope_head_dim=64),
        21 * (584 + 132) / 4 + 20 * 584 / 128,
        43 * 128 * 584 + 21 * 8 * (2048 + 512) * 4 + 20 * 128 * 1024 * 4,
    ),
    "DeepSeek-V4.1 with four layers: two compress, and their entries are read by the last": (
        {
            "model_type": "deepseek_v41",
            "text_config": {
                "num_hidden_layers": 4,
                "compress_ratios": [0, 1, 2, 2],
                "kv_source_layer_ids": [1, 2],
                "index_source_layer_ids": [1, 2, 3],
                "qk_rope_head_dim": 64,
            },
        },
        (584 + 132) + (584 + 132) / 2,
        4 * 128 * 584 + 8 * 2 * 512 * 4,
    ),
    "Kimi Linear 48B: 7 latent layers; 20 of 32 heads of 128 × 128 in 32 bits": (
        config("kimi_linear", 27, 2304, **KIMI, linear_attn_config=KIMI_LINEAR),
        7 * 576 * 2,
        20 * (3 * 3 * 4096 * 2 + 32 * 128 * 128 * 4),
    ),
    "Kimi K3: 24 latent layers, 69 of 96 heads": (
        config("kimi_linear", 93, 7168, **KIMI, linear_attn_config=KIMI_K3),
        24 * 576 * 2,
        69 * (3 * 3 * 12288 * 2 + 96 * 128 * 128 * 4),
    ),
    "Ling 3.0 flash: each sixth layer of 42": (
        config("bailing_hybrid", 42, 2560, **KIMI, head_dim=128, layer_group_size=6),
        7 * 576 * 2,
        35 * (3 * 3 * 4096 * 2 + 32 * 128 * 128 * 4),
    ),
    "Ring 2.5 1T: each eighth of 80 layers is latent; 64 heads of 128 × 128 in the others": (
        config("bailing_hybrid", 80, 8192, **{**KIMI, "num_attention_heads": 64}, **RING),
        10 * 576 * 2,
        70 * 64 * 128 * 128 * 2,
    ),
    "GLM-5.3 Flash: keys of the indexer pooled by 16, and the pool that is filling": (
        config("glm5_next_text", 45, 4096),
        11 * 512 * 2 + 11 * 132 / 16,
        34 * (3 * 3 * 8192 * 2 + 64 * 128 * 128 * 4) + 11 * 16 * 2 * 128 * 2,
    ),
    "Qwen3-Next 80B: its states are in the model's dtype": (
        config("qwen3_next", 48, 2048, **DELTA),
        12 * 2 * 2 * 256 * 2,
        36 * (3 * 8192 * 2 + 32 * 128 * 128 * 2),
    ),
    "Qwen3.5 397B: its config asks for states in 32 bits": (
        config(
            "qwen3_5_moe_text", 60, 4096, **{**DELTA, "linear_num_value_heads": 64}, mamba_ssm_dtype="float32"
        ),
        15 * 2 * 2 * 256 * 2,
        45 * (3 * (2 * 2048 + 8192) * 2 + 64 * 128 * 128 * 4),
    ),
    "OLMo Hybrid 7B: keys of 96, values of 192": (
        config("olmo_hybrid", 32, 3840, num_attention_heads=30, num_key_value_heads=30),
        8 * 2 * 30 * 128 * 2,
        24 * (3 * (2 * 30 * 96 + 30 * 192) * 2 + 30 * 96 * 192 * 2),
    ),
    "Nemotron-H 56B: 10 attention layers of 118, 54 of Mamba-2; states in 32 bits": (
        config(
            "nemotron_h",
            118,
            8192,
            **NEMOTRON,
            hybrid_override_pattern="M-M-M-M*-" + "M-M-M-M-M*-" * 9 + "M-M-M-M-M-",
            attention_head_dim=128,
            num_key_value_heads=8,
            mamba_num_heads=256,
            ssm_state_size=256,
        ),
        10 * 2 * 8 * 128 * 2,
        54 * (3 * (256 * 64 + 2 * 8 * 256) * 2 + 256 * 64 * 256 * 4),
    ),
    "Nemotron 3 Ultra 550B: 12 attention layers, 48 of Mamba-2": (
        config(
            "nemotron_h",
            108,
            8192,
            **NEMOTRON,
            layers_block_type=["mamba", "moe"] * 36 + ["mamba", "attention", "moe"] * 12,
            head_dim=128,
            num_key_value_heads=2,
            mamba_num_heads=256,
            ssm_state_size=128,
        ),
        12 * 2 * 2 * 128 * 2,
        48 * (3 * (256 * 64 + 2 * 8 * 128) * 2 + 256 * 64 * 128 * 4),
    ),
    "Mamba 2.8B: no cache of tokens": (
        config("mamba", 64, 2560, intermediate_size=5120, state_size=16, conv_kernel=4),
        0,
        64 * (3 * 5120 * 2 + 16 * 5120 * 2),
    ),
    "Mamba-Codestral 7B": (
        config("mamba2", 64, 4096, num_heads=128, head_dim=64, n_groups=8, state_size=128),
        0,
        64 * (3 * (8192 + 2 * 8 * 128) * 2 + 128 * 64 * 128 * 2),
    ),
    "Jamba 1.5 Mini: each eighth layer attends": (
        config("jamba", 32, 4096, num_attention_heads=32, num_key_value_heads=8),
        4 * 2 * 8 * 128 * 2,
        28 * (3 * 8192 * 2 + 16 * 8192 * 2),
    ),
    "Bamba 9B: 3 of 32 layers attend": (
        config("bamba", 32, 4096, **MAMBA_2, attn_layer_indices=[9, 18, 27]),
        3 * 2 * 8 * 128 * 2,
        29 * (3 * (8192 + 2 * 128) * 2 + 128 * 64 * 128 * 2),
    ),
    "Granite 4.0 H Small: 4 of 40 layers attend": (
        config(
            "granitemoehybrid",
            40,
            4096,
            **MAMBA_2,
            layer_types=["mamba" if index not in (5, 15, 25, 35) else "attention" for index in range(40)],
        ),
        4 * 2 * 8 * 128 * 2,
        36 * (3 * (8192 + 2 * 128) * 2 + 128 * 64 * 128 * 2),
    ),
    "Falcon-H1 7B: attention and Mamba-2 side by side in 44 layers": (
        {
            **config("falcon_h1", 44, 3072, **MAMBA_2, mamba_d_ssm=3072, head_dim=128),
            "num_attention_heads": 12,
            "num_key_value_heads": 2,
            "mamba_n_heads": 24,
            "mamba_d_head": 128,
            "mamba_d_state": 256,
        },
        44 * 2 * 2 * 128 * 2,
        44 * (3 * (3072 + 2 * 256) * 2 + 24 * 128 * 256 * 2),
    ),
    "Zamba2 2.7B: 9 attentions over twice the width, 54 of Mamba-2": (
        config(
            "zamba2", 54, 2560, num_attention_heads=32, n_mamba_heads=80, mamba_d_state=64, mamba_ngroups=1
        ),
        9 * 2 * 32 * 160 * 2,
        54 * (3 * (5120 + 2 * 64) * 2 + 80 * 64 * 64 * 2),
    ),
    "LFM2 1.2B: 6 attentions, 10 convolutions that look back on 2 columns": (
        config(
            "lfm2",
            16,
            2048,
            num_attention_heads=32,
            num_key_value_heads=8,
            full_attn_idxs=[2, 5, 8, 10, 12, 14],
            conv_L_cache=3,
        ),
        6 * 2 * 8 * 64 * 2,
        10 * 2 * 2048 * 2,
    ),
    "RecurrentGemma 2B: 8 windows of 2,048, one head of 256": (
        config("recurrent_gemma", 26, 2560, num_attention_heads=10, num_key_value_heads=1, lru_width=2560),
        0,
        8 * 2048 * 2 * 256 * 2 + 18 * (3 * 2560 * 2 + 2560 * 4),
    ),
    "RWKV-7 2.9B: 40 heads of 64 × 64 in 32 bits, and two columns": (
        config("rwkv7", 32, 2560, head_dim=64),
        0,
        32 * (2 * 2560 * 2 + 40 * 64 * 64 * 4),
    ),
}


def per_token(caches: tuple[Cache, ...]) -> float:
    """Bytes that each further token adds."""
    kept = [cache for cache in caches if cache.kind not in ("window", "state")]
    return sum(cache.layers * cache.width * (cache.bits or 16) / 8 / cache.stride for cache in kept)


def per_sequence(caches: tuple[Cache, ...]) -> float:
    """Bytes of a sequence that is longer than every window, without those of each token."""
    windows = sum(
        each.layers * each.window * each.width * (each.bits or 16) / 8
        for each in caches
        if each.kind == "window"
    )
    return windows + sum(cache.layers * cache.state * cache.state_bits / 8 for cache in caches)


@pytest.mark.parametrize(("fields", "token", "sequence"), CASES.values(), ids=CASES)
def test_bytes_by_hand(fields: dict[str, Any], token: float, sequence: int) -> None:
    caches = read_architecture(fields).caches
    assert (per_token(caches), per_sequence(caches)) == (token, sequence)


@pytest.mark.parametrize("name", ["DeepSeek-V3: 512 + 64 a layer", "DeepSeek-V3.2: and a key of the indexer"])
def test_latent_caches_are_copied_to_every_gpu(name: str) -> None:
    """vLLM gives such specs max_tp_shards=1."""
    assert {cache.heads for cache in read_architecture(CASES[name][0]).caches} == {0}


def test_states_divide_by_their_heads() -> None:
    states = read_architecture(CASES["Qwen3-Next 80B: its states are in the model's dtype"][0]).caches
    assert {cache.heads for cache in states if cache.kind == "state"} == {32}
