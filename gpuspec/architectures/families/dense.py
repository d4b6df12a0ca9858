"""Dense decoders that differ from Llama in traits.

Sources: the configuration and model classes of transformers 5.24.0 (September 2026), whose parameter counts these
rows are tested against; windows as vLLM 0.33.0's model files have them."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from gpuspec.architectures.config import ModelConfig
from gpuspec.architectures.decoder import Reader, decoder
from gpuspec.architectures.families.llama_like import (
    AROUND_ATTENTION,
    AROUND_BOTH,
    AROUND_GLM,
    LLAMA,
    LlamaLike,
    everything,
    last_sees_all,
    normed_if,
    one_in,
    output_gate,
    sinks,
    unless_listed,
    windows,
)
from gpuspec.architectures.parts import Architecture, Layer, Weight
from gpuspec.architectures.pieces import (
    block_norms,
    copies,
    feed_forward,
    fused_attention,
    fused_mlp,
    kv_cache,
    linear,
    norm,
    plain_mlp,
    vector,
)

_OLMO_STYLE = ("post_attention_layernorm", "post_feedforward_layernorm")


def _learned_activation(c: ModelConfig) -> tuple[Weight, ...]:
    """The two numbers of Apertus's activation, xIELU."""
    return (vector("mlp.act_fn.alpha_p", "mlp", 1), vector("mlp.act_fn.alpha_n", "mlp", 1))


def _inner_norms(c: ModelConfig) -> tuple[Weight, ...]:
    """BitNet's norms in front of the two projections that lead out of a block."""
    return (
        norm("self_attn.attn_sub_norm", c.heads * c.head_dim),
        norm("mlp.ffn_sub_norm", c.intermediate),
    )


def _lambdas(c: ModelConfig) -> tuple[Weight, ...]:
    """The four vectors that weigh the two softmaxes of differential attention (arXiv 2410.05258)."""
    return tuple(
        vector(f"self_attn.lambda_{name}", "attention", c.head_dim) for name in ("q1", "k1", "q2", "k2")
    )


def _doge(c: ModelConfig) -> tuple[Weight, ...]:
    """Doge's dynamic mask and its weighted residuals; with `is_moe` its retrieval experts beside the block.

    The experts are one column each, found over two lists of √n keys (`DogeCDMoE`)."""
    found = (
        vector("self_attn.A", "attention", c.kv_heads),
        linear(
            "self_attn.dt_proj",
            "attention",
            c.kv_heads * c.head_dim,
            c.kv_heads,
            bias=c.flag("attention_bias"),
        ),
        vector("input_residual", "norms", c.hidden),
        vector("post_attention_residual", "norms", c.hidden),
    )
    if not c.flag("is_moe"):
        return found
    experts, used = c.size("num_experts"), c.size("num_experts_per_tok")
    return (
        *found,
        linear("mlp.router_gate", "router", c.hidden, 2 * int(experts**0.5)),
        copies(vector("mlp.down_embed", "experts", c.hidden), experts, used),
        copies(vector("mlp.up_embed", "experts", c.hidden), experts, used),
    )


def _hyperclova_norms(c: ModelConfig) -> tuple[str, ...]:
    return (*AROUND_ATTENTION, "post_norm1", "post_norm2") if c.flag("use_post_norm") else AROUND_ATTENTION


def _bias_of_internlm(c: ModelConfig) -> LlamaLike:
    """InternLM3's checkpoints call the biases `qkv_bias` and `bias`; transformers 5 has other names."""
    own = c.says("qkv_bias", "bias")
    return LlamaLike(
        bias="qkv_bias" if own else "attention_bias",
        out_bias="bias" if own else "attention_bias",
        mlp_bias="bias" if own else "mlp_bias",
        window=everything,
    )


def _phi3(c: ModelConfig) -> Architecture:
    """Phi-3, Phi-4: Llama, its projections fused in the checkpoint."""
    weights = (
        *fused_attention(c),
        *fused_mlp(c),
        *block_norms(c),
    )
    return decoder(c, [Layer(weights, (kv_cache(c, window=seen),)) for seen in windows(c)])


def gate_in_first(c: ModelConfig, *, bias: bool = False) -> tuple[Weight, ...]:
    """A gated block of Kyutai's, whose `ffn_dim` counts gate and up together."""
    width = c.size("ffn_dim")
    return (linear("mlp.fc1", "mlp", c.hidden, width), linear("mlp.fc2", "mlp", width // 2, c.hidden))


def _moshi(c: ModelConfig) -> Architecture:
    """The main decoder of Moshi: its embedding has one entry more."""
    words = c.vocabulary
    found = LlamaLike(mlp=gate_in_first, head=lambda _: words).read(c.read_as("moshi", vocab_size=words + 1))
    return found._replace(vocabulary=words)


def _molmo2(c: ModelConfig) -> Architecture:
    """The text part of Molmo 2: its embedding has entries that its head has not."""
    found = LlamaLike(
        bias="attention_bias",
        out_bias=False,
        qk_norm="width" if c.text("qk_norm_type") == "olmo" else "head",
        window=everything,
    ).read(c)
    entries = c.size("additional_vocab_size")
    more = Weight("model.wte.new_embedding", "embedding", c.hidden, entries, linear=False)
    return found._replace(outside=(*found.outside, more))


def _delay(c: ModelConfig) -> tuple[Weight, ...]:
    """Two small matrices that adapt a norm of Voxtral Realtime to the delay, with 32 columns between them."""
    return (
        linear("ada_rms_norm.linear1", "norms", c.hidden, 32)._replace(linear=False),
        linear("ada_rms_norm.linear2", "norms", 32, c.hidden)._replace(linear=False),
    )


def _stablelm_norms(c: ModelConfig) -> tuple[str, ...]:
    """The second is left out where attention and the gated block stand side by side."""
    return AROUND_ATTENTION[: 1 if c.flag("use_parallel_residual") else 2]


def _norms_of_heads(c: ModelConfig) -> tuple[Weight, ...]:
    heads = (c.heads + c.kv_heads) * c.head_dim
    return (norm("self_attn.qk_layernorm", heads),) if c.flag("qk_layernorm") else ()


@unless_listed
def _without_rotary(c: ModelConfig) -> list[int]:
    """Windows in the layers without rotary embedding: one in so many."""
    every = c.size("no_rope_layer_interval", default=4)
    return [0 if (index + 1) % every else c.window for index in range(c.layers)]


def _smollm3_windows(c: ModelConfig) -> list[int]:
    return _without_rotary(c) if c.flag("use_sliding_window") else everything(c)


_STABLELM = LlamaLike(
    bias="use_qkv_bias",
    out_bias=False,
    norm_bias=True,
    norms=_stablelm_norms,
    beside=[_norms_of_heads],
)
_OLMO = LlamaLike(bias="attention_bias", window=everything)

TYPES: Mapping[str, Reader] = {
    "apertus": LlamaLike(
        bias="attention_bias", qk_norm="head", mlp=plain_mlp, beside=[_learned_activation]
    ).read,
    "apertus1p5_text": LlamaLike(
        bias="attention_bias",
        qk_norm="head",
        mlp=plain_mlp,
        beside=[_learned_activation],
        head=lambda c: c.count("output_vocab_size") or None,
    ).read,
    "arcee": LlamaLike(bias="attention_bias", mlp=plain_mlp, mlp_bias="mlp_bias").read,
    "bitnet": LlamaLike(bias="attention_bias", beside=[_inner_norms]).read,
    "cohere": LlamaLike(
        bias="attention_bias",
        qk_norm=normed_if("use_qk_norm", "width"),
        norms=["input_layernorm"],
        window=everything,
    ).read,
    "cohere2": LlamaLike(
        bias="attention_bias", norms=["input_layernorm"], window=one_in(4, field="sliding_window_pattern")
    ).read,
    "cohere_compass_text": LlamaLike(bias="attention_bias", norms=["input_layernorm"], window=one_in(1)).read,
    "cwm": LlamaLike(mlp_bias="mlp_bias", window=one_in(4, first=True)).read,
    "diffllama": LlamaLike(bias="attention_bias", beside=[_lambdas], window=everything).read,
    "doge": LlamaLike(
        bias="attention_bias", qk_norm="head", mlp_bias="mlp_bias", beside=[_doge], window=windows
    ).read,
    "ernie4_5": LlamaLike(bias="use_bias", mlp_bias="use_bias", window=everything).read,
    "exaone": LLAMA.read,
    "exaone4": LlamaLike(
        qk_norm="head", norms=_OLMO_STYLE, window=one_in(4, field="sliding_window_pattern")
    ).read,
    "gemma": LlamaLike(bias="attention_bias", window=everything).read,
    "gemma2": LlamaLike(bias="attention_bias", norms=AROUND_BOTH, window=one_in(2)).read,
    "glm": LlamaLike(bias="attention_bias", out_bias=False, mlp=fused_mlp, window=everything).read,
    "glm4": LlamaLike(
        bias="attention_bias",
        out_bias=False,
        mlp=fused_mlp,
        norms=AROUND_GLM,
        window=everything,
    ).read,
    "granite": LLAMA.read,
    "granite_swa": LlamaLike(
        bias="attention_bias", mlp_bias="mlp_bias", beside=[sinks], window=one_in(4, first=True)
    ).read,
    "helium": LlamaLike(bias="attention_bias", out_bias=False, mlp_bias="mlp_bias", window=everything).read,
    "hunyuan_v1_dense": LlamaLike(bias="attention_bias", qk_norm="head", window=everything).read,
    "hyperclovax": LlamaLike(
        bias="attention_bias", mlp_bias="mlp_bias", norms=_hyperclova_norms, window=everything
    ).read,
    "internlm3": lambda c: _bias_of_internlm(c).read(c),
    "iquestcoder": LLAMA.read,
    "jais2": LlamaLike(
        bias="attention_bias", mlp=plain_mlp, mlp_bias="mlp_bias", norm_bias=True, window=everything
    ).read,
    "ministral": LlamaLike().read,
    "ministral3": LlamaLike().read,
    "mistral": LlamaLike().read,
    "molmo2_text": _molmo2,
    "moshi": _moshi,
    "muse_glimmer_text": LlamaLike(
        bias="attention_bias", beside=(output_gate,), norms=AROUND_BOTH, window=last_sees_all(4)
    ).read,
    "nanochat": LlamaLike(
        bias="attention_bias", mlp=partial(feed_forward, names=("fc1", "fc2")), norms=(), final_norm=False
    ).read,
    "nemotron": LlamaLike(bias="attention_bias", mlp=plain_mlp, mlp_bias="mlp_bias", norm_bias=True).read,
    "olmo": _OLMO._replace(norms=(), final_norm=False).read,
    "olmo2": _OLMO._replace(qk_norm="width").read,
    "olmo3": _OLMO._replace(qk_norm="width", window=one_in(4)).read,
    "paddleocr_vl_text": LlamaLike(bias="use_bias", mlp_bias="use_bias", window=everything).read,
    "phi3": _phi3,
    "seed_oss": LlamaLike(
        bias="attention_bias", out_bias="attention_out_bias", mlp_bias="mlp_bias", window=everything
    ).read,
    "smollm3": LlamaLike(bias="attention_bias", mlp_bias="mlp_bias", window=_smollm3_windows).read,
    "stablelm": _STABLELM.read,
    "stablelm_epoch": _STABLELM.read,
    "starcoder2": LlamaLike(
        bias="use_bias",
        mlp=partial(feed_forward, names=("c_fc", "c_proj")),
        mlp_bias="use_bias",
        norm_bias=True,
    ).read,
    "vaultgemma": LlamaLike(bias="attention_bias", window=one_in(2)).read,
    "voxtral_realtime_text": LlamaLike(beside=(_delay,)).read,
}
