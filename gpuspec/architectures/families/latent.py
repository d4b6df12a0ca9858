"""Decoders with multi-head latent attention: DeepSeek-V2 and what followed, with sparse attention or without."""

from __future__ import annotations

from collections.abc import Mapping

from gpuspec.architectures.config import EXPERTS, ModelConfig
from gpuspec.architectures.decoder import Reader, decoder, with_defaults_of
from gpuspec.architectures.families.llama_like import draft
from gpuspec.architectures.kinds import indexing_layers, rotating_layers, sparse_layers
from gpuspec.architectures.parts import Architecture, Cache, Layer, Weight
from gpuspec.architectures.pieces import (
    block_norms,
    gated_mlp,
    kv_cache,
    latent_attention,
    latent_cache,
    linear,
    mixture,
    norm,
    vector,
)


def indexer(c: ModelConfig) -> tuple[Weight, ...]:
    """The lightning indexer of DeepSeek-V3.2: few small heads that choose the tokens which attention reads."""
    heads, width, at = c.size("index_n_heads"), c.size("index_head_dim"), "self_attn.indexer"
    return (
        linear(f"{at}.wq_b", "attention", c.size("q_lora_rank"), heads * width),
        linear(f"{at}.wk", "attention", c.hidden, width),
        norm(f"{at}.k_norm", width, bias=True),
        linear(f"{at}.weights_proj", "attention", c.hidden, heads),
    )


def indexer_cache(c: ModelConfig, *, stride: int = 1) -> Cache:
    """The indexer's keys: 8 bits an element and a 32-bit scale for each 128 of them, on every GPU.

    Source: vLLM `DeepseekV32IndexerCache` (head_dim 128 + 4 bytes, uint8). `stride`: tokens pooled into one key."""
    width = c.size("index_head_dim")
    return Cache("index", width=width + width // 128 * 4, bits=8, stride=stride)


def experts_of(c: ModelConfig, *, block: str = "mlp", outer: int | None = None) -> tuple[Weight, ...]:
    """A mixture as DeepSeek-V2 has it: small experts, and some that every token takes. `block`: where it is;
    `outer`: the width around an expert, where that is not the model's."""
    width = c.size("moe_intermediate_size")
    return mixture(
        c,
        experts=c.size(*EXPERTS),
        used=c.size("num_experts_per_tok", "num_experts_per_token", "moe_topk", default=1),
        width=width,
        shared=c.count("n_shared_experts", "num_shared_experts") * width,
        outer=outer,
        router=f"{block}.gate",
        at=f"{block}.experts.*",
        shared_at=f"{block}.shared_experts",
    )


def drafts(c: ModelConfig, layer: Layer, *, repeats: bool = False) -> list[Layer]:
    """As many MTP layers as the config says. `repeats`: as in `draft`."""
    return [draft(c, layer, repeats=repeats)] * min(c.count("num_nextn_predict_layers"), 100)


def latent(*, sparse: bool = False, first: int = 0, draft_repeats: bool = False) -> Reader:
    """A reader of decoders like DeepSeek's. `sparse`: with an indexer; `first`: dense layers in front;
    `draft_repeats`: checkpoints hold the embedding and the head in each MTP layer once more."""

    def read(c: ModelConfig) -> Architecture:
        heads = latent_attention(c, bias=c.flag("attention_bias"))
        norms, dense = block_norms(c), gated_mlp(c)
        mixed = experts_of(c) if c.count("n_routed_experts", "num_experts") else dense
        index, keys = (indexer(c), (indexer_cache(c),)) if sparse else ((), ())
        indexed = indexing_layers(c) if sparse else [False] * c.layers
        layers = []
        for chooses, expert in zip(indexed, sparse_layers(c, first=first), strict=True):
            weights = (*heads, *(index if chooses else ()), *(mixed if expert else dense), *norms)
            layers.append(Layer(weights, (latent_cache(c), *(keys if chooses else ()))))
        predicts = Layer((*heads, *index, *mixed, *norms), (latent_cache(c), *keys))
        return decoder(c, layers, drafts=drafts(c, predicts, repeats=draft_repeats))

    return read


def _minicpm3(c: ModelConfig) -> Architecture:
    """MiniCPM3: engines store its keys and values as the heads see them, values as wide as keys.

    Source: vLLM 0.33.0 minicpm3.py, which has `Attention` and no latent cache; llama.cpp expands them, too."""
    found = latent()(c)
    width = c.size("qk_nope_head_dim") + c.size("qk_rope_head_dim")
    cache = kv_cache(c, kv_heads=c.heads, head_dim=width)
    return found._replace(layers=tuple(layer._replace(caches=(cache,)) for layer in found.layers))


def _axk1(c: ModelConfig) -> Architecture:
    """A.X K1: DeepSeek-V3 with a norm after each mixture."""
    found = latent(first=1)(c)
    after = norm("post_mlp_layernorm", c.hidden)
    layers = (
        Layer((*layer.weights, after), layer.caches) if sparse else layer
        for layer, sparse in zip(found.layers, sparse_layers(c, first=1), strict=True)
    )
    return found._replace(layers=tuple(layers))


def _gated_norm(c: ModelConfig, name: str, rank: int) -> tuple[Weight, ...]:
    return (
        norm(f"{name}.norm", c.hidden),
        linear(f"{name}.W_down", "norms", c.hidden, rank),
        linear(f"{name}.W_up", "norms", rank, c.hidden),
    )


def _axk2(c: ModelConfig) -> Architecture:
    """A.X K2: sparse attention, an output gate beside the queries, and norms with gates of low rank."""
    rank = c.size("gated_norm_rank")
    value = c.size("v_head_dim")
    query = c.size("qk_nope_head_dim") + c.count("qk_rope_head_dim")
    heads = [
        linear("self_attn.q_gate_proj", each.part, 2 * each.inputs, c.heads * (query + value))
        if each.module == "self_attn.q_b_proj"
        else each
        for each in latent_attention(c, bias=c.flag("attention_bias"))
    ]
    attends = (*heads, *indexer(c), *_gated_norm(c, "input_layernorm", rank))
    mixed = (*experts_of(c), *_gated_norm(c, "post_attention_layernorm", rank))
    dense = (*gated_mlp(c), norm("post_attention_layernorm", c.hidden))
    caches = (latent_cache(c), indexer_cache(c))
    sparse = sparse_layers(c, first=1)
    return decoder(c, [Layer((*attends, *(mixed if each else dense)), caches) for each in sparse])


def _large4_indexer(c: ModelConfig) -> tuple[Weight, ...]:
    at, count, width = "self_attn.indexer", c.size("index_n_heads"), c.size("index_head_dim")
    return (
        norm(f"{at}.q_input_norm", c.hidden, bias=True),
        linear(f"{at}.wq_b", "attention", c.hidden, count * width),
        linear(f"{at}.wk", "attention", c.hidden, width),
        norm(f"{at}.k_norm", width, bias=True),
        linear(f"{at}.weights_proj", "attention", c.hidden, count),
        vector(f"{at}.softmax_scaling", "attention", 2 * count),
    )


def _mistral_large4(c: ModelConfig) -> Architecture:
    """Mistral Large 4: sparse latent attention with queries straight from the state. Each fourth layer rotates
    nothing, and layers may read the latent cache of an earlier one (`kv_source_layers`)."""
    nope, rope = c.size("qk_nope_head_dim"), c.size("qk_rope_head_dim")
    turned = c.read_as(c.model_type, q_lora_rank=None)
    straight = turned.read_as(c.model_type, qk_nope_head_dim=nope + rope, qk_rope_head_dim=0)
    sources = c.numbers("kv_source_layers")
    if len(sources) != c.layers:
        sources = tuple(range(c.layers))
    own = {"self_attn.kv_a_proj_with_mqa", "self_attn.kv_a_layernorm"}
    scaled = vector("self_attn.softmax_scaling", "attention", 2 * c.heads)
    index, norms, dense, mixed = _large4_indexer(c), block_norms(c), gated_mlp(c), experts_of(c)
    layers = []
    rows = zip(rotating_layers(c), sources, indexing_layers(c), sparse_layers(c, first=1), strict=True)
    for number, (turns, source, chooses, sparse) in enumerate(rows):
        sizes, keeps = turned if turns else straight, source == number
        heads = latent_attention(sizes, bias=c.flag("attention_bias"))
        weights = (
            *(each for each in heads if keeps or each.module not in own),
            *((*index, scaled) if chooses else (scaled,)),
            *(mixed if sparse else dense),
            *norms,
        )
        caches = (*((latent_cache(sizes),) if keeps else ()), *((indexer_cache(c),) if chooses else ()))
        layers.append(Layer(weights, caches))
    return decoder(c, layers, outside=[vector("model.rotary_emb.alpha", "attention", max(rope // 2, 1))])


def _longcat(c: ModelConfig) -> Architecture:
    """LongCat-Flash: two attentions and two dense blocks a layer, and a mixture beside them in which some experts
    pass their input on."""
    width = c.size("expert_ffn_hidden_size", "moe_intermediate_size")
    experts = c.size("n_routed_experts")
    weights: list[Weight] = []
    for each in range(2):
        weights += latent_attention(c, at=f"self_attn.{each}", bias=c.flag("attention_bias"))
        weights += gated_mlp(c, c.size("ffn_hidden_size", "intermediate_size"), at=f"mlps.{each}")
        weights += (
            norm(f"input_layernorm.{each}", c.hidden),
            norm(f"post_attention_layernorm.{each}", c.hidden),
        )
    mixed = mixture(
        c,
        experts=experts,
        used=min(c.size("moe_topk", "num_experts_per_tok"), experts),
        width=width,
        router="mlp.router.classifier",
    )
    choices = experts + c.count("zero_expert_num")
    mixed = (mixed[0]._replace(outputs=choices), *mixed[1:])
    cache = latent_cache(c)._replace(layers=2)
    return decoder(c, [Layer((*weights, *mixed), (cache,))] * c.layers)


def _dots3_note(c: ModelConfig) -> Architecture:
    """dots3-note: sparse latent attention in each fourth layer, and latent attention of its own size over a window in
    the others. transformers keeps those sizes for each layer, the hub in fields of their own (`swa_…`)."""
    kinds = c.per_layer("layer_types") or tuple(
        "indexed_attention" if index < 2 or index % 4 == 1 else "sliding_attention"
        for index in range(c.layers)
    )
    own: dict[str, int] = {}
    per_layer = c.inner("per_layer_config")
    first = next((index for index, kind in enumerate(kinds) if "sliding" in kind), 0)
    inner = per_layer.inner(str(first), f"{first:02d}") if per_layer else None
    usual = {
        "num_attention_heads": 64,
        "num_key_value_heads": 64,
        "kv_lora_rank": 1024,
        "q_lora_rank": 1024,
        "qk_nope_head_dim": 192,
        "v_head_dim": 128,
    }
    for name, value in usual.items():
        own[name] = inner.size(name, default=c.size(name)) if inner else c.size(f"swa_{name}", default=value)
    window = c.read_as(c.model_type, **own)
    seen = c.size("sliding_window", "sliding_window_size", default=512)

    def heads(sizes: ModelConfig) -> tuple[Weight, ...]:
        return (
            *latent_attention(sizes, bias=c.flag("attention_bias")),
            norm("self_attn.k_rope_only_layernorm", c.size("qk_rope_head_dim")),
            linear("self_attn.g_proj", "attention", c.hidden, sizes.heads),
        )

    full, sliding = (*heads(c), *indexer(c)), heads(window)
    shared = c.size("moe_shared_expert_intermediate_size", "shared_experts_intermediate_size")
    mixed = mixture(
        c,
        experts=c.size("n_routed_experts"),
        used=c.size("num_experts_per_tok"),
        width=c.size("moe_intermediate_size"),
        shared=c.count("n_shared_experts") * shared,
    )
    dense, norms = gated_mlp(c), block_norms(c)
    layers = []
    for kind, sparse in zip(kinds, sparse_layers(c, first=1), strict=True):
        block = mixed if sparse else dense
        if "sliding" in kind:
            caches: tuple[Cache, ...] = (latent_cache(window)._replace(kind="window", window=seen),)
            layers.append(Layer((*sliding, *block, *norms), caches))
        else:
            layers.append(Layer((*full, *block, *norms), (latent_cache(c), indexer_cache(c))))
    # Its MTP layer looks back over a window, has no experts, and an embedding of its own (vLLM 0.33, Dots3NoteMTP).
    own_words = Weight("embed_tokens", "draft", c.hidden, c.vocabulary, linear=False)
    near = latent_cache(window)._replace(kind="window", window=seen)
    return decoder(c, layers, drafts=drafts(c, Layer((*sliding, *dense, *norms, own_words), (near,))))


TYPES: Mapping[str, Reader] = {
    "deepseek_v2": latent(),
    "deepseek_v3": latent(draft_repeats=True),
    "kimi_k2": with_defaults_of("deepseek_v3", latent()),
    "glm4_moe_lite": latent(first=1, draft_repeats=True),
    "sarvam_mla": latent(),
    "youtu": latent(),
    "mistral4": latent(),
    "mistral_large4_text": _mistral_large4,
    "minicpm3": _minicpm3,
    "joyai_llm_flash": with_defaults_of("deepseek_v3", latent()),
    "deepseek_v32": latent(sparse=True, draft_repeats=True),
    "glm_moe_dsa": latent(sparse=True),
    "dots3_note_text": _dots3_note,
    "axk1": _axk1,
    "axk2": _axk2,
    "longcat_flash": _longcat,
}
