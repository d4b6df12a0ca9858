"""Gemma 3, 3n and 4: layers that read the cache of an earlier one, wider heads in full layers, an embedding for each
layer.

Sources: transformers 5.24.0 (Gemma3nTextConfig, Gemma4TextConfig and their models, September 2026); caches as vLLM
0.33.0's gemma3n.py and gemma4.py have them: of the last `num_kv_shared_layers` layers none keeps one, and a full
layer whose values are its keys still keeps both."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache, partial

from gpuspec.architectures.config import ModelConfig, Unsaid
from gpuspec.architectures.decoder import Reader, decoder, without_caches
from gpuspec.architectures.families.llama_like import AROUND_BOTH, LlamaLike, one_in
from gpuspec.architectures.parts import Architecture, Layer, Weight
from gpuspec.architectures.pieces import attention, gated_mlp, kv_cache, linear, mixture, norm, vector
from gpuspec.numerals import small_number

_GEMMA_3 = LlamaLike(
    bias="attention_bias",
    qk_norm="head",
    norms=AROUND_BOTH,
    window=one_in(6, field="sliding_window_pattern"),
)


def _unless_it_reads_only(read: Reader) -> Reader:
    """A reader for models that may see a text in both directions (EmbeddingGemma): they remember nothing of it. Gemma
    4 says "vision" where only the tokens of an image do."""

    def read_both(c: ModelConfig) -> Architecture:
        found = read(c)
        return without_caches(found) if c.raw("use_bidirectional_attention") in (True, "all") else found

    return read_both


def _queries_alone(weights: tuple[Weight, ...]) -> tuple[Weight, ...]:
    """Of attention that reads another layer's keys and values."""
    return tuple(weight for weight in weights if weight.module.split(".")[-1][0] not in "kv")


def _input_of_each_layer(c: ModelConfig, width: int) -> tuple[tuple[Weight, ...], tuple[Weight, ...]]:
    """(outside, in every layer): a second embedding with a vector for each layer, and its way into the layer."""
    if not width:
        return (), ()
    hidden = c.hidden
    outside = (
        Weight(
            "model.embed_tokens_per_layer",
            "embedding",
            c.layers * width,
            c.size("vocab_size_per_layer_input", default=c.vocabulary),
            linear=False,
        ),
        linear("model.per_layer_model_projection", "embedding", hidden, c.layers * width),
        norm("model.per_layer_projection_norm", width),
    )
    inside = (
        linear("per_layer_input_gate", "mlp", hidden, width),
        linear("per_layer_projection", "mlp", width, hidden),
        norm("post_per_layer_input_norm", hidden),
    )
    return outside, inside


def _altup(c: ModelConfig) -> tuple[tuple[Weight, ...], tuple[Weight, ...]]:
    """(outside, in every layer): alternating updates of several streams (arXiv 2301.13310) and LAuReL."""
    inputs, hidden, rank = c.size("altup_num_inputs"), c.hidden, c.size("laurel_rank")
    names = ("altup_projections", "altup_unembed_projections")
    outside = tuple(
        linear(f"model.{name}.{index}", "mlp", hidden, hidden)
        for name in names
        for index in range(min(inputs, 100) - 1)
    )
    inside = (
        vector("altup.correct_output_scale", "mlp", hidden),
        linear("altup.correction_coefs", "mlp", inputs, inputs),
        linear("altup.prediction_coefs", "mlp", inputs, inputs**2),
        linear("altup.modality_router", "mlp", hidden, inputs),
        norm("altup.router_norm", hidden),
        linear("laurel.linear_left", "mlp", hidden, rank),
        linear("laurel.linear_right", "mlp", rank, hidden),
        norm("laurel.post_laurel_norm", hidden),
    )
    return outside, inside


def _gemma3n(c: ModelConfig) -> Architecture:
    inner = c.numbers("intermediate_size") or (c.intermediate,) * c.layers
    if len(inner) < c.layers:
        raise Unsaid("its config does not say intermediate_size of every layer")
    own = c.layers - min(c.count("num_kv_shared_layers"), c.layers)
    whole = attention(c, bias=c.flag("attention_bias"), qk_norm="head")
    embedding, each = _input_of_each_layer(c, c.count("hidden_size_per_layer_input"))
    streams, mixed = _altup(c)
    rest = (*mixed, *each, *(norm(name, c.hidden) for name in AROUND_BOTH))
    layers = []
    for index, seen in enumerate(one_in(5)(c)):
        shared = index >= own
        weights = (*(_queries_alone(whole) if shared else whole), *gated_mlp(c, inner[index]), *rest)
        layers.append(Layer(weights, () if shared else (kv_cache(c, window=seen),)))
    return decoder(c, layers, outside=(*embedding, *streams))._replace(intermediate=inner[0])


def _full_layers(c: ModelConfig) -> tuple[list[int], list[int], list[int]]:
    """(windows, widths of a head, KV heads) of each layer. The last layer always sees everything."""
    seen = [*one_in(6)(c)[:-1], 0]
    wide = c.size("global_head_dim", default=512)
    few = c.count("num_global_key_value_heads") if c.flag("attention_k_eq_v") else 0
    heads = [c.head_dim if window else wide for window in seen]
    kv_heads = [c.kv_heads if window or not few else few for window in seen]
    said = c.raw("per_layer_config")  # as transformers 5.24 writes the same
    for key, fields in said.items() if isinstance(said, dict) else ():
        index = small_number(str(key))
        if index is not None and index < c.layers and isinstance(fields, dict):
            own = ModelConfig(fields)
            heads[index] = own.count("head_dim") or heads[index]
            kv_heads[index] = own.count("num_key_value_heads") or kv_heads[index]
    return seen, heads, kv_heads


def _gemma4_experts(c: ModelConfig) -> tuple[Weight, ...]:
    """Experts beside the dense block, not in its place, with norms of their own."""
    number = c.size("num_experts")
    return (
        *mixture(
            c,
            experts=number,
            used=c.size("top_k_experts", "num_experts_per_tok"),
            width=c.size("moe_intermediate_size"),
            router="router.proj",
            at="experts.*",
        ),
        vector("router.scale", "router", c.hidden),
        vector("router.per_expert_scale", "router", number),
        *(
            norm(name, c.hidden)
            for name in (
                "post_feedforward_layernorm_1",
                "post_feedforward_layernorm_2",
                "pre_feedforward_layernorm_2",
            )
        ),
    )


def _gemma4(c: ModelConfig, *, each_layer: bool = True, all_shared: bool = False) -> Architecture:
    """`each_layer`: whether the type has embeddings of each layer; `all_shared`: whether no layer keeps a cache."""
    shared_layers = c.layers if all_shared else c.count("num_kv_shared_layers")
    own = c.layers - min(shared_layers, c.layers)
    embedding, each = _input_of_each_layer(c, c.count("hidden_size_per_layer_input") if each_layer else 0)
    experts = _gemma4_experts(c) if c.flag("enable_moe_block") else ()
    rest = (*each, *experts, *(norm(name, c.hidden) for name in AROUND_BOTH))
    same, bias = c.flag("attention_k_eq_v"), c.flag("attention_bias")
    widened = c.flag("use_double_wide_mlp")

    @cache
    def layer(shared: bool, seen: int, head: int, kv_heads: int) -> Layer:
        weights = attention(c, bias=bias, qk_norm="head", head_dim=head, kv_heads=kv_heads)
        if shared:
            weights = _queries_alone(weights)
        elif same and not seen:
            weights = tuple(weight for weight in weights if not weight.module.endswith(".v_proj"))
        block = gated_mlp(c, c.intermediate * (2 if shared and widened else 1))
        own_cache = kv_cache(c, window=seen, kv_heads=kv_heads, head_dim=head)
        return Layer((*weights, *block, *rest), () if shared else (own_cache,))

    shapes = zip(*_full_layers(c), strict=True)
    layers = [layer(index >= own, *shape) for index, shape in enumerate(shapes)]
    return decoder(c, layers, outside=embedding)


def _assistant(c: ModelConfig) -> Architecture:
    """A draft model for a Gemma 4: it reads the target's hidden states and caches, and keeps none of its own."""
    text = c.part("text_config")
    found = _gemma4(text, each_layer=False, all_shared=True)
    target = c.size("backbone_hidden_size")
    outside = (
        *found.outside,
        linear("pre_projection", "projector", 2 * target, text.hidden),
        linear("post_projection", "projector", text.hidden, target),
    )
    if c.flag("use_ordered_embeddings"):
        outside += (linear("masked_embedding.centroids", "head", text.hidden, c.size("num_centroids")),)
    return found._replace(model_type=c.model_type, outside=outside)


TYPES: Mapping[str, Reader] = {
    "gemma3_text": _unless_it_reads_only(_GEMMA_3.read),
    "gemma3n_text": _gemma3n,
    "gemma4_text": _unless_it_reads_only(_gemma4),
    "gemma4_unified_text": _unless_it_reads_only(partial(_gemma4, each_layer=False)),
    "gemma4_assistant": _assistant,
    "gemma4_unified_assistant": _assistant,
}
