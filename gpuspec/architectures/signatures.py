"""Fields by which a config of an unknown architecture shows whose kin it is, or that it cannot be derived."""

from __future__ import annotations

import re

from gpuspec.architectures.config import EXPERTS, MOST_LAYERS, ModelConfig, Unsaid
from gpuspec.architectures.decoder import Reader
from gpuspec.architectures.kinds import attending
from gpuspec.named_tuple import NamedTuple


class Signature(NamedTuple):
    """Fields that configs of one known architecture have, and others not."""

    kin: str
    """The known architecture."""
    fields: tuple[str, ...]
    """All of them must be there."""


SIGNATURES = (
    Signature("nemotron_h", ("hybrid_override_pattern", "mamba_num_heads", "ssm_state_size")),
    Signature("nemotron_h", ("layers_block_type", "mamba_num_heads", "ssm_state_size")),
    Signature("falcon_h1", ("mamba_d_ssm", "mamba_n_heads", "mamba_d_state")),
    Signature("granitemoehybrid", ("shared_intermediate_size", "mamba_n_heads", "mamba_d_state")),
    Signature("bamba", ("attn_layer_indices", "mamba_n_heads", "mamba_d_state")),
    Signature("jamba", ("attn_layer_period", "mamba_d_state", "mamba_d_conv", "mamba_expand")),
    Signature("kimi_linear", ("linear_attn_config", "kv_lora_rank")),
    Signature("qwen3_next", ("linear_num_value_heads", "linear_key_head_dim", "num_experts")),
    Signature("qwen3_5_text", ("linear_num_value_heads", "linear_key_head_dim", "intermediate_size")),
    Signature("lfm2_moe", ("conv_L_cache", "moe_intermediate_size", "num_experts")),
    Signature("lfm2", ("conv_L_cache", "block_auto_adjust_ff_dim")),
    Signature("mamba2", ("state_size", "conv_kernel", "n_groups", "num_heads")),
    Signature("mamba", ("state_size", "conv_kernel", "time_step_rank")),
)
"""The first whose fields a config has. Only recurrent kinds: what attention and experts have is shared by all."""

_RECURRENT = re.compile(
    r"mamba|ssm|^linear_(attn|attention|num|key|value|conv)|rwkv|^wkv|retention|lru|recurren|gated_delta|^kda|"
    r"(^|_)d_(conv|state)$|conv_(kernel|dim|l_cache|size)|hyena|xlstm|slstm|chunkwise|^state_size|time_(step|mix)|hybrid_(over|layer_ids)"
)
_LOOPS = re.compile(r"(^|_)loops?($|_)|(^|_)cycles?$|ut_steps|recurrent_depth|num_passes|_repeats?$")
_STRANGE = re.compile(r"zero_expert|per_layer_input|^global_head_dim|^num_global_key_value")
"""Weights that only the architecture's own code explains."""
_COMPRESSED = re.compile(
    r"compress(ion)?_ratio|^o_lora_rank|^kv_compress|num_kv_shared_layers|cross_layer|kv_reuse"
)
_ENCODER = (
    "encoder_layers",
    "num_encoder_layers",
    "decoder_layers",
    "encoder_config",
    "decoder_config",
    "d_kv",
)
_EXPERTS = re.compile(r"experts?($|_)|(^|_)moe($|_)")


def kin_of(c: ModelConfig) -> tuple[str, Reader | None]:
    """The known architecture whose signature a config has, and its reader. Raises Unsaid for an unknown memory."""
    from gpuspec.architectures.families.texts import TEXTS

    for kin, fields in SIGNATURES:
        if kin in TEXTS and c.says(fields[0]) and all(c.says(each) for each in fields):
            return kin, TEXTS[kin]
    attending(c.texts("layer_types"))
    named = next((key for key in c.fields if _RECURRENT.search(key.lower()) and _means(c, key)), "")
    if named:
        raise Unsaid(f"its config speaks of a memory of unknown make ({named[:60]})")
    return "", None


def refuse(c: ModelConfig) -> None:
    """Raises Unsaid for what is no decoder, or one whose weights or caches its fields do not give."""
    if c.flag("is_encoder_decoder") or any(c.says(each) for each in _ENCODER):
        raise Unsaid("its config is that of an encoder and a decoder, in fields that gpuspec does not know")
    for key in c.fields:
        low = str(key).lower()
        if _LOOPS.search(low) and _means(c, key):
            raise Unsaid(
                f"its layers run in loops ({key[:60]}), which gpuspec knows of named architectures only"
            )
        if _STRANGE.search(low) and _means(c, key):
            raise Unsaid(
                f"its config has weights that gpuspec knows of named architectures only ({key[:60]})"
            )
        if _COMPRESSED.search(low) and _means(c, key):
            raise Unsaid(
                f"its cache is compressed or shared in a way that gpuspec does not know ({key[:60]})"
            )
    named = next((key for key in c.fields if _EXPERTS.search(key.lower()) and _many(c, key)), "")
    if named and not any(_many(c, each) for each in EXPERTS):
        raise Unsaid(f"its config speaks of experts ({named[:60]}), but does not say num_experts")


def _means(c: ModelConfig, key: str) -> bool:
    """Whether a field says that there is something: not null, no, 0, 1 or empty."""
    value = c.raw(key)
    return value not in (None, False, 0, 1, "", "none") and not (
        isinstance(value, (list, tuple, dict)) and not value
    )


def _many(c: ModelConfig, key: str) -> bool:
    value = c.raw(key)
    return type(value) is int and 1 < value < MOST_LAYERS * 1000
