"""Nemotron-H and Nemotron 3: each layer is one thing, Mamba-2, attention, a feed-forward block or a mixture."""

from __future__ import annotations

from collections.abc import Mapping

from gpuspec.architectures.config import MOST_LAYERS, ModelConfig, Unsaid
from gpuspec.architectures.decoder import Reader, decoder
from gpuspec.architectures.mixers import mamba2
from gpuspec.architectures.parts import Architecture, Layer, Weight
from gpuspec.architectures.pieces import PLAIN, attention, kv_cache, linear, mixture, norm, plain_mlp

_LETTERS = {"M": "mamba", "*": "attention", "-": "mlp", "E": "moe"}
"""Of `hybrid_override_pattern` ("M-M-M*-"); "|" parts the stages of a pipeline."""


def _kinds(c: ModelConfig, listed: str, pattern: str) -> list[str]:
    """What each layer is, by a list or by a pattern of letters."""
    letters = c.raw(pattern)
    kinds = list(c.texts(listed))
    if not kinds and isinstance(letters, str):
        kinds = [_LETTERS.get(letter, letter) for letter in letters[:MOST_LAYERS] if letter != "|"]
    known = {"linear_attention": "mamba", "full_attention": "attention"}
    return [known.get(kind, kind) for kind in kinds]


def _mixture(c: ModelConfig) -> tuple[Weight, ...]:
    """Experts of two matrices each; they may work in a narrower space than the layer (`moe_latent_size`)."""
    latent, bias = c.count("moe_latent_size"), c.flag("mlp_bias")
    found = mixture(
        c,
        experts=c.size("n_routed_experts"),
        used=c.size("num_experts_per_tok"),
        width=c.size("moe_intermediate_size"),
        shared=c.count("moe_shared_expert_intermediate_size") if c.count("n_shared_experts") else 0,
        outer=latent or None,
        names=PLAIN,
        shared_bias=bias,
        router="mixer.gate",
        at="mixer.experts.*",
        shared_at="mixer.shared_experts",
    )
    if not latent:
        return found
    return (
        *found,
        linear("mixer.fc1_latent_proj", "mlp", c.hidden, latent, bias=bias),
        linear("mixer.fc2_latent_proj", "mlp", latent, c.hidden, bias=bias),
    )


def _layer(c: ModelConfig, kind: str) -> Layer:
    before = norm("norm", c.hidden)
    if kind == "mamba":
        mixer = mamba2(
            c,
            heads=c.size("mamba_num_heads"),
            head_dim=c.size("mamba_head_dim"),
            groups=c.size("n_groups", "mamba_n_groups"),
            states=c.size("ssm_state_size", "mamba_state_dim"),
            kernel=c.size("conv_kernel", "mamba_d_conv"),
            bias=c.flag("use_bias"),
            conv_bias=c.flag("use_conv_bias", default=True),
            bits=32,
        )
        return Layer((*mixer.weights, before), mixer.caches)
    if kind == "attention":
        width = c.count("attention_head_dim") or c.head_dim
        weights = attention(c, head_dim=width, at="mixer")
        return Layer((*weights, before), (kv_cache(c, head_dim=width),))
    if kind == "mlp":
        return Layer((*plain_mlp(c, bias=c.flag("mlp_bias"), at="mixer"), before))
    if kind == "moe":
        return Layer((*_mixture(c), before))
    raise Unsaid(f"its config has a layer of a kind that gpuspec does not know: {kind[:40]!r}")


def _nemotron_h(c: ModelConfig) -> Architecture:
    kinds = _kinds(c, "layers_block_type", "hybrid_override_pattern")
    if (
        not kinds
    ):  # as NemotronHConfig of transformers 5.24 has it, unless there are other layers than its four
        kinds = ["mamba", "moe", "attention", "mlp"]
        if c.count("num_hidden_layers") not in (0, len(kinds)):
            raise Unsaid("its config does not say what each layer is (layers_block_type)")
    shapes = {kind: _layer(c, kind) for kind in dict.fromkeys(kinds)}
    drafts: list[Layer] = []
    depth = c.count("num_nextn_predict_layers")
    if depth:
        join = (
            linear("eh_proj", "draft", 2 * c.hidden, c.hidden),
            norm("enorm", c.hidden),
            norm("hnorm", c.hidden),
            norm("final_layernorm", c.hidden),
        )
        steps = _kinds(c, "mtp_layers_block_type", "mtp_hybrid_override_pattern") or ["attention", "moe"]
        each = [_layer(c, kind) for kind in steps[:MOST_LAYERS]]
        weights = (*join, *(weight for layer in each for weight in layer.weights))
        drafts = [Layer(weights, tuple(cache for layer in each for cache in layer.caches))] * min(depth, 100)
    return decoder(
        c,
        [shapes[kind] for kind in kinds],
        drafts=drafts,
        tied=False,
        names=("backbone.embeddings", "backbone.norm_f", "lm_head"),
    )


TYPES: Mapping[str, Reader] = {
    "nemotron_h": _nemotron_h,
    "nemotron_h_puzzle": _nemotron_h,
}
