"""Text models that are found only inside models that see: their towers are in `seeing`.

Sources: the model classes of transformers 5.24.0 (September 2026), whose parameter counts these rows are tested
against; caches as vLLM 0.33.0's model files have them."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from gpuspec.architectures.config import ModelConfig
from gpuspec.architectures.decoder import Reader, decoder
from gpuspec.architectures.families.gemma import TYPES as GEMMA
from gpuspec.architectures.families.llama_like import (
    AROUND_GLM,
    LLAMA,
    LlamaLike,
    everything,
    experts,
)
from gpuspec.architectures.kinds import sparse_layers
from gpuspec.architectures.parts import Architecture, Layer, Weight
from gpuspec.architectures.pieces import (
    attention,
    block_norms,
    fused_mlp,
    gated_mlp,
    kv_cache,
    mixture,
    norm,
    plain_mlp,
    vector,
)

_GRANITE = LLAMA.read


def _one_or_first(c: ModelConfig, place: int, *names: str) -> int:
    """A number that ERNIE writes for text and for images, or once for both."""
    both = c.numbers(*names)
    return both[min(place, len(both) - 1)] if both else c.size(*names)


def _ernie_vl(c: ModelConfig) -> Architecture:
    """ERNIE 4.5 VL: tokens of text and of images take experts of their own; the shared ones are for both."""
    text_width, image_width = 1536, 512  # those of Ernie4_5_VLMoeTextConfig, transformers 5.24
    if c.raw("moe_intermediate_size") is not None:
        text_width, image_width = (_one_or_first(c, place, "moe_intermediate_size") for place in (0, 1))
    used = c.size("moe_k")
    sparse: list[Weight] = []
    for place, (name, width) in enumerate((("text_moe", text_width), ("vision_moe", image_width))):
        sparse += mixture(
            c,
            experts=_one_or_first(c, place, "moe_num_experts"),
            used=used if place == 0 else 0,
            width=width,
            router=f"mlp.{name}.gate",
            router_bias=True,
            at=f"mlp.{name}.experts.*",
        )
    width = text_width * c.count("moe_num_shared_experts")
    shared = gated_mlp(c, width, at="mlp.shared_experts", part="shared experts") if width else ()
    bias = c.flag("use_bias")
    around = (*attention(c, bias=bias), *block_norms(c))
    dense = (*around, *gated_mlp(c, bias=bias))
    first = c.numbers("moe_layer_start_index") or (c.size("moe_layer_start_index", default=1),)
    layers = [
        Layer((*around, *sparse, *shared) if routed else dense, (kv_cache(c),))
        for routed in sparse_layers(c, first=min(first))
    ]
    return decoder(c, layers)


def _mllama(c: ModelConfig) -> Architecture:
    """Llama 3.2 Vision: some layers attend to the image in the place of the text, and keep its keys and values.

    The embedding has eight rows that the head has not: the token of an image and what fills it up."""
    crossed = {index for index in c.numbers("cross_attention_layers") if index < c.layers}
    if not c.says("cross_attention_layers") and not crossed:
        crossed = set(range(3, c.layers, 5))
    around = (*gated_mlp(c), *block_norms(c))
    own = Layer((*attention(c), *around), (kv_cache(c),))
    cross = attention(c, qk_norm="head", at="cross_attn", part="cross attention")
    gates = (vector("cross_attn_attn_gate", "cross attention", 1), vector("cross_attn_mlp_gate", "mlp", 1))
    seen = Layer((*cross, *gates, *around), (kv_cache(c)._replace(kind="cross"),))
    words = c.vocabulary
    layers = [seen if index in crossed else own for index in range(c.layers)]
    return decoder(c.read_as(c.model_type, vocab_size=words + 8), layers, head=words)._replace(
        vocabulary=words
    )


def _kosmos(c: ModelConfig, *, inner_norm: bool, segments: bool) -> Architecture:
    """Magneto: a norm inside each block too (arXiv 2210.06423); sinusoidal positions, which are no weights."""
    c = c.read_as(
        c.model_type,
        hidden_size=c.size("embed_dim"),
        num_hidden_layers=c.size("layers"),
        num_attention_heads=c.size("attention_heads"),
        intermediate_size=c.size("ffn_dim"),
    )
    weights = (
        *attention(c, bias=True),
        *plain_mlp(c, bias=True, at="ffn"),
        *(norm(name, c.hidden, bias=True) for name in ("self_attn_layer_norm", "final_layer_norm")),
        norm("ffn.ffn_layernorm", c.intermediate, bias=True),
        *([norm("self_attn.inner_attn_ln", c.hidden, bias=True)] if inner_norm else ()),
    )
    outside = [vector("model.segment_emb", "embedding", 2 * c.hidden)] if segments else []
    return decoder(c, [Layer(weights, (kv_cache(c),))] * c.layers, outside=outside, norm_bias=True)


def _diffusion_gemma(c: ModelConfig) -> Architecture:
    """Gemma 4 whose layers all have experts, and whose full layers have no projection of values."""
    return GEMMA["gemma4_unified_text"](c.read_as(c.model_type, attention_k_eq_v=True, enable_moe_block=True))


TYPES: Mapping[str, Reader] = {
    "deepseek_ocr2_text": LlamaLike(
        bias="attention_bias",
        window=everything,
        experts=experts(),
        sparse=partial(sparse_layers, first=1),
    ).read,
    "diffusion_gemma_text": _diffusion_gemma,
    "cosmos3_edge_text": LlamaLike(
        bias="attention_bias", mlp=plain_mlp, mlp_bias="mlp_bias", window=everything
    ).read,
    "emu3_text_model": LLAMA.read,
    "ernie4_5_vl_moe_text": _ernie_vl,
    "glm4v_text": LlamaLike(
        bias=True, out_bias=False, mlp=fused_mlp, norms=AROUND_GLM, window=everything
    ).read,
    "glm_ocr_text": LlamaLike(mlp=fused_mlp, norms=AROUND_GLM, window=everything).read,
    "glm4v_moe_text": LlamaLike(
        bias="attention_bias", out_bias=False, window=everything, experts=experts()
    ).read,
    "granite4_vision_text": _GRANITE,
    "granite_docling_text": _GRANITE,
    "hunyuan_vl_text": LlamaLike(bias="attention_bias", qk_norm="head", window=everything).read,
    "kosmos_2_text_model": partial(_kosmos, inner_norm=True, segments=False),
    "kosmos_2_5_text_model": partial(_kosmos, inner_norm=False, segments=True),
    "mllama_text_model": _mllama,
}
