"""T5 and its kin: encoder-decoders without biases, with relative positions and heads as wide as `d_kv` says.

Sources: the configuration and model classes of transformers 5.24.0 (September 2026), whose parameter counts these
rows are tested against."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from gpuspec.architectures.config import ModelConfig
from gpuspec.architectures.decoder import Reader, decoder
from gpuspec.architectures.families.encoder_decoders import layers_of, remembered, stack
from gpuspec.architectures.families.llama_like import LlamaLike, one_in
from gpuspec.architectures.parts import Architecture, Layer, Weight
from gpuspec.architectures.pieces import attention, feed_forward, mixture, norm, plain_mlp
from gpuspec.named_tuple import NamedTuple


def _gated(c: ModelConfig) -> bool:
    """`feed_forward_proj` says "gated-gelu"; later configs have a flag beside it."""
    if c.says("is_gated_act"):
        return c.flag("is_gated_act")
    return c.text("feed_forward_proj").startswith("gated")


def _feed_forward(c: ModelConfig) -> tuple[Weight, ...]:
    inner, at = c.size("d_ff"), "DenseReluDense"
    if not _gated(c):
        return plain_mlp(c, inner, at=at, names=("wi", "wo"))
    return feed_forward(c, inner, at=at, names=("wi_0", "wi_1", "wo"))


def _experts(c: ModelConfig) -> tuple[Weight, ...]:
    """Switch Transformers: of the experts a token takes one."""
    return mixture(
        c,
        experts=c.size("num_experts"),
        used=1,
        width=c.size("d_ff"),
        names=("wi", "wo"),
        router="mlp.router.classifier",
        router_bias=c.flag("router_bias"),
    )


def _sparse(c: ModelConfig, field: str, layers: int) -> list[bool]:
    """Which layers of a stack have experts: so many of them, evenly spread, the second first."""
    number = c.count(field)
    step = layers // number if number else 0
    return [bool(step) and (index % step == 1 or step == 1) for index in range(layers)]


class T5Like(NamedTuple):
    """In what an architecture differs from T5. `read` reads its configs."""

    bias_in_every_layer: bool = False
    """Whether each layer has a table of relative positions, not the first alone."""
    experts: bool = False
    encoder_more: Callable[[ModelConfig], tuple[list[Weight], list[Weight]]] = lambda c: ([], [])
    """(in every layer of the encoder, in its first)."""

    def _attention(self, c: ModelConfig, at: str, part: str) -> tuple[Weight, ...]:
        heads, head = c.heads, c.size("d_kv")
        names = ("q", "k", "v", "o")
        return attention(c, heads=heads, kv_heads=heads, head_dim=head, at=at, part=part, names=names)

    def _positions(self, c: ModelConfig) -> Weight:
        buckets = c.size("relative_attention_num_buckets", default=32)
        name = "SelfAttention.relative_attention_bias"
        return Weight(name, "attention", c.heads, buckets, linear=False)

    def read(self, c: ModelConfig) -> Architecture:
        """The structure that a config states."""
        own, block = self._attention(c, "SelfAttention", "attention"), _feed_forward(c)
        positions, each = self._positions(c), [norm("layer_norm", c.hidden)]
        everywhere = [positions] if self.bias_in_every_layer else []
        number = layers_of(c, "num_layers", "num_hidden_layers")
        routed = _experts(c) if self.experts else ()
        more, first = self.encoder_more(c)
        outside = [norm("encoder.final_layer_norm", c.hidden)._replace(part="encoder")]
        if not self.bias_in_every_layer:
            outside.append(positions._replace(module="encoder.block.0.layer.0." + positions.module))
        outside += first
        sparse = sum(_sparse(c, "num_sparse_encoder_layers", number)) if routed else 0
        alike = [*own, *each, *each, *everywhere, *more]
        outside += stack([*alike, *block], number - sparse, "encoder.block")
        outside += stack([*alike, *routed], sparse, "encoder.block")
        if any("EncoderModel" in name for name in c.texts("architectures")):
            return decoder(c, [], outside=outside, final_norm=False, tied=True)
        return self._decoder(c, outside, block, routed)

    def _decoder(
        self, c: ModelConfig, outside: Sequence[Weight], block: Sequence[Weight], routed: Sequence[Weight]
    ) -> Architecture:
        positions, each = self._positions(c), norm("layer_norm", c.hidden)
        alike = (
            *self._attention(c, "SelfAttention", "attention"),
            *self._attention(c, "EncDecAttention", "cross attention"),
            each,
            each,
            each,
        )
        caches = remembered(c, c.heads, c.size("d_kv"))
        layers = []
        number = layers_of(c, "num_decoder_layers", "num_layers", "num_hidden_layers")
        sparse = _sparse(c, "num_sparse_decoder_layers", number) if routed else [False] * number
        for index in range(number):
            own = (positions,) if self.bias_in_every_layer or index == 0 else ()
            layers.append(Layer((*alike, *(routed if sparse[index] else block), *own), caches))
        found = decoder(
            c, layers, outside=[*outside, norm("decoder.final_layer_norm", c.hidden)], final_norm=False
        )
        return found._replace(head_dim=c.size("d_kv"), intermediate=c.size("d_ff"))


def _long_t5(c: ModelConfig) -> tuple[list[Weight], list[Weight]]:
    """The transient-global kind sees blocks of text, too."""
    if c.text("encoder_attention_type") != "transient-global":
        return [], []
    at = "TransientGlobalSelfAttention"
    buckets = c.size("relative_attention_num_buckets", default=32)
    bias = Weight(f"encoder.{at}.global_relative_attention_bias", "encoder", c.heads, buckets, linear=False)
    return [norm(f"{at}.global_input_layer_norm", c.hidden)], [bias]


GEMMA_2 = LlamaLike(
    bias="attention_bias",
    norms=(
        "pre_self_attn_layernorm",
        "post_self_attn_layernorm",
        "pre_feedforward_layernorm",
        "post_feedforward_layernorm",
    ),
    window=one_in(2),
)


def _t5gemma(c: ModelConfig) -> Architecture:
    """T5Gemma: an encoder and a decoder that each are a Gemma 2, with an embedding each."""
    reads, decodes = c.part("encoder"), c.part("decoder")
    decodes = decodes.read_as(decodes.model_type, tie_word_embeddings=c.tied)
    encoder, found = GEMMA_2.read(reads), GEMMA_2.read(decodes)
    outside = [weight._replace(part="encoder") for weight in encoder.outside if weight.part != "head"]
    outside += stack(encoder.layers[0].weights, len(encoder.layers), "model.encoder.layers")
    seen, bias = decodes.count("cross_attention_hidden_size"), decodes.flag("attention_bias")
    crossed = (
        *attention(decodes, bias=bias, seen=seen or encoder.hidden, at="cross_attn", part="cross attention"),
        norm("pre_cross_attn_layernorm", decodes.hidden),
        norm("post_cross_attn_layernorm", decodes.hidden),
    )
    layers = tuple(
        Layer((*layer.weights, *crossed), (*layer.caches, layer.caches[0]._replace(kind="cross", window=0)))
        for layer in found.layers
    )
    return found._replace(model_type=c.model_type, layers=layers, outside=(*found.outside, *outside))


TYPES: Mapping[str, Reader] = {
    "longt5": T5Like(encoder_more=_long_t5).read,
    "mt5": T5Like().read,
    "switch_transformers": T5Like(experts=True).read,
    "t5": T5Like().read,
    "t5gemma": _t5gemma,
    "umt5": T5Like(bias_in_every_layer=True).read,
}
