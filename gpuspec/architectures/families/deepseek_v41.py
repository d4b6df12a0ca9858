"""DeepSeek V4.1: DeepSeek V4 with tables of n-grams beside some layers, and a tower that sees.

Source: vLLM 0.33.0, `models/deepseek_v41` (`common/engram.py`, `nvidia/vl_model.py`) and
`models/deepseek_v4/common/vision.py`; compared with no checkpoint, whose experts are stored packed."""

from __future__ import annotations

from collections.abc import Mapping

from gpuspec.architectures.config import ModelConfig
from gpuspec.architectures.decoder import Reader
from gpuspec.architectures.families.compressed import TYPES as COMPRESSED
from gpuspec.architectures.families.shared_entries import layers_that_share
from gpuspec.architectures.parts import Architecture, Weight
from gpuspec.architectures.pieces import linear, norm, vector
from gpuspec.architectures.towers.blocks import Measures, blocks, chain, pixels, placed


def _engram(c: ModelConfig) -> list[Weight]:
    """In each of these layers the last words are looked up in one table, and mixed into every stream."""
    if not c.numbers("engram_layer_ids"):
        return []
    found = []
    heads, head, streams = c.size("engram_n_heads"), c.size("engram_head_dim"), c.size("hc_mult")
    columns = (c.size("engram_max_ngram_size") - 1) * heads
    for layer, entries in zip(
        c.numbers("engram_layer_ids"), c.numbers("engram_num_embeddings"), strict=False
    ):
        at = f"layers.{layer}.engram"
        if entries:  # a token reads a few rows of it
            found.append(Weight(f"{at}.embed", "embedding", head, entries, used=0, linear=False))
        found.append(linear(f"{at}.wkv", "mixer", max(columns, 1) * head, c.hidden * (streams + 1)))
        found.append(vector(f"{at}.qk_weight", "mixer", 2 * streams * c.hidden))
    return found


def _tower(v: ModelConfig, text: int) -> tuple[Weight, ...]:
    width, heads = v.size("hidden_size", default=1024), v.size("num_attention_heads", default=16)
    inner, layers = v.size("intermediate_size", default=2816), v.size("num_hidden_layers")
    m = Measures(min(layers, 1000), width, inner, heads, max(width // heads, 1))
    patch = pixels(v.read_as(v.model_type, patch_size=v.size("patch_size", default=14)))
    joined = width * v.size("downsample_ratio", default=3) ** 2
    tower = (
        *chain("patch_embed.proj", patch, width),
        *blocks(
            m, at="blocks.*", attention="attn.", names=("wqkv", "wo"), mlp=("mlp.w1", "mlp.w3", "mlp.w2"),
            mlp_bias=False, norm_bias=False,
        ),
        norm("norm", width),
    )  # fmt: skip
    between = (
        *chain("aligner.w1 aligner.w2", joined, text, text),
        vector("image_start_end_newline", "", 3 * text),
    )
    return (*placed("vision", "vision", tower), *placed("", "projector", between))


def _read(c: ModelConfig) -> Architecture:
    t, v = c.part("text_config").read_as("deepseek_v4"), c.inner("vision_config")
    found = COMPRESSED["deepseek_v4"](t)
    if t.numbers("kv_source_layer_ids"):
        found = found._replace(layers=tuple(layers_that_share(t)))
    tower = _tower(v, t.hidden) if v is not None and v.count("num_hidden_layers") else ()
    return found._replace(
        model_type=c.model_type,
        outside=(*found.outside, *_engram(t), *tower),
        derived="DeepSeek V4.1 is read as vLLM 0.33.0 loads it; nobody compared it with its checkpoint",
    )


TYPES: Mapping[str, Reader] = {"deepseek_v41": _read}
