"""Decoders built like Llama: pre-norm, grouped-query attention, a gated feed-forward block or a mixture of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from gpuspec.architectures.config import EXPERTS, ModelConfig
from gpuspec.architectures.decoder import Reader, decoder
from gpuspec.architectures.kinds import attending, sparse_layers
from gpuspec.architectures.parts import Architecture, Layer, Weight
from gpuspec.architectures.pieces import attention, gated_mlp, kv_cache, linear, mixture, norm
from gpuspec.named_tuple import NamedTuple

Flag = bool | str
"""A yes or no, or the field of the config that says it."""
Weights = Callable[[ModelConfig], tuple[Weight, ...]]
"""What weights a config asks for."""

AROUND_ATTENTION = ("input_layernorm", "post_attention_layernorm")
AROUND_GLM = (*AROUND_ATTENTION, "post_self_attn_layernorm", "post_mlp_layernorm")
AROUND_BOTH = (*AROUND_ATTENTION, "pre_feedforward_layernorm", "post_feedforward_layernorm")


def windowed(c: ModelConfig) -> list[bool]:
    """Which layers see a window, by `layer_types`; empty where these are not said. Raises Unsaid."""
    kinds = c.texts("layer_types")[: c.layers]
    attending([kind for kind in kinds if kind != "hybrid"])  # attends, too: its reader counts what is beside
    return ["sliding" in kind or "chunked" in kind for kind in kinds] if len(kinds) == c.layers else []


def windows(c: ModelConfig) -> list[int]:
    """The tokens each layer sees, by `layer_types` where the config has them; 0: all."""
    return [c.window if near else 0 for near in windowed(c) or [True] * c.layers]


Windows = Callable[[ModelConfig], list[int]]
"""The tokens that each layer sees; 0: all."""


def unless_listed(usual: Windows) -> Windows:
    """The windows that `layer_types` gives, and the `usual` ones of configs without such a list."""

    def read(c: ModelConfig) -> list[int]:
        return windows(c) if windowed(c) else usual(c)

    return read


def everything(c: ModelConfig) -> list[int]:
    """Each layer sees the whole text."""
    return [0] * c.layers


def one_in(period: int, *, field: str = "", first: bool = False) -> Windows:
    """Where the config has no `layer_types`, one layer in `period` sees the whole text: the last of them, or the
    `first`. `field`: the one that may say the period; EXAONE writes it as letters, "LLLG" for three local ones and a
    global one."""

    def read(c: ModelConfig) -> list[int]:
        value = c.raw(field) if field else None
        if isinstance(value, str) and value:
            return [c.window if value[index % len(value)] == "L" else 0 for index in range(c.layers)]
        every = period if value is None else c.count(field)
        if not every:
            return everything(c)
        turn = 0 if first else every - 1
        return [0 if index % every == turn else c.window for index in range(c.layers)]

    return unless_listed(read)


def last_sees_all(period: int) -> Windows:
    """Where the config has no `layer_types`, one layer in `period` sees the whole text, counted from the last."""

    def read(c: ModelConfig) -> list[int]:
        return [0 if (c.layers - 1 - index) % period == 0 else c.window for index in range(c.layers)]

    return unless_listed(read)


def normed_if(field: str, kind: str = "head") -> Callable[[ModelConfig], str]:
    """Norms of queries and keys where a field of the config asks for them."""
    return lambda c: kind if c.flag(field) else ""


def sinks(c: ModelConfig) -> tuple[Weight, ...]:
    """One learned number for each query head, beside the scores of attention."""
    return (Weight("self_attn.sinks", "attention", c.heads, linear=False),)


def output_gate(c: ModelConfig) -> tuple[Weight, ...]:
    """A gate in front of the output projection, as wide as all heads."""
    return (linear("self_attn.gate_proj", "attention", c.hidden, c.heads * c.head_dim),)


def draft(c: ModelConfig, layer: Layer, *, repeats: bool = False) -> Layer:
    """An MTP layer: a layer, and what joins the last hidden state with the next token's embedding.

    `repeats`: checkpoints hold the embedding and the head in it once more, as DeepSeek-V3's do.
    Source: DeepSeek-V3, arXiv 2412.19437, section 2.2; vLLM 0.33 models/deepseek_mtp.py and glm4_moe_mtp.py."""
    join = (
        linear("eh_proj", "draft", 2 * c.hidden, c.hidden),
        norm("enorm", c.hidden),
        norm("hnorm", c.hidden),
        norm("shared_head.norm", c.hidden),
    )
    again = (
        Weight("embed_tokens", "embedding", c.hidden, c.vocabulary, linear=False),
        linear("shared_head.head", "head", c.hidden, c.vocabulary),
    )
    return Layer((*layer.weights, *join, *(again if repeats else ())), layer.caches)


class LlamaLike(NamedTuple):
    """In what an architecture differs from Llama. `read` reads its configs."""

    bias: Flag = False
    """Of query, key and value."""
    out_bias: Flag | None = None
    """Of attention's output; None: as `bias`."""
    qk_norm: Callable[[ModelConfig], str] | str = ""
    """As `attention` has it."""
    mlp: Callable[..., tuple[Weight, ...]] = gated_mlp
    mlp_bias: Flag = False
    norms: Sequence[str] | Callable[[ModelConfig], Sequence[str]] = AROUND_ATTENTION
    """Of a layer."""
    norm_bias: bool = False
    """Whether norms have a bias (LayerNorm)."""
    final_norm: bool = True
    """Whether the norm after the last layer has weights."""
    window: Windows = windows
    beside: Sequence[Weights] = ()
    """Weights in every layer that Llama has not."""
    experts: Weights | None = None
    sparse: Callable[[ModelConfig], list[bool]] = sparse_layers
    """Which layers have the experts rather than the feed-forward block."""
    head: Callable[[ModelConfig], int | None] = lambda c: None
    """Entries of the output head where they are not the vocabulary's."""
    head_bias: Flag = False
    untied: bool = False
    """Whether the head is not the embedding where the config does not say, as in much of the hub's own code."""
    dense_drafts: bool = False
    """Whether those have the feed-forward block where the last layer has experts."""
    draft_repeats: bool = False
    """Whether checkpoints hold the embedding and the head in each of those once more."""

    def read(self, c: ModelConfig) -> Architecture:
        """The structure that a config states."""
        out_bias = self.bias if self.out_bias is None else self.out_bias
        names = self.norms(c) if callable(self.norms) else self.norms
        around = (
            *attention(
                c,
                bias=said(c, self.bias),
                out_bias=said(c, out_bias),
                qk_norm=self.qk_norm(c) if callable(self.qk_norm) else self.qk_norm,
            ),
            *(weight for more in self.beside for weight in more(c)),
            *(norm(name, c.hidden, bias=self.norm_bias) for name in names),
        )
        dense = sparse = around
        has_experts = self.sparse(c) if self.experts else [False] * c.layers
        if not all(has_experts) or self.dense_drafts:
            dense = (*around, *self.mlp(c, bias=said(c, self.mlp_bias)))
        if self.experts and any(has_experts):
            sparse = (*around, *self.experts(c))
        layers = [
            Layer(sparse if routed else dense, (kv_cache(c, window=seen),))
            for routed, seen in zip(has_experts, self.window(c), strict=True)
        ]
        more = min(c.count("num_nextn_predict_layers"), len(layers)) if self.experts else 0
        predicts = layers[-1]._replace(weights=dense) if self.dense_drafts else layers[-1]
        drafts = [draft(c, predicts, repeats=self.draft_repeats)] * more
        return decoder(
            c,
            layers,
            drafts=drafts,
            norm_bias=self.norm_bias,
            final_norm=self.final_norm,
            head=self.head(c),
            head_bias=said(c, self.head_bias),
            tied=c.flag("tie_word_embeddings") if self.untied else None,
        )


def said(c: ModelConfig, flag: Flag) -> bool:
    """What a flag is for this config."""
    return c.flag(flag) if isinstance(flag, str) else flag


def experts(
    *,
    router: str = "mlp.gate",
    router_bias: bool = False,
    at: str = "mlp.experts.*",
    shared_at: str = "mlp.shared_experts",
    shared_gate: bool = False,
    bias: bool = False,
    shared_bias: Flag = False,
) -> Weights:
    """A reader of mixtures, under the names their fields have had. As wide as a dense block where nothing is said."""

    def read(c: ModelConfig) -> tuple[Weight, ...]:
        width = c.size("moe_intermediate_size", "expert_hidden_size", default=c.intermediate)
        number = c.count(
            "num_shared_experts", "n_shared_experts", "moe_num_shared_experts", "num_shared_expert"
        )
        shared = c.count("shared_expert_intermediate_size", "shared_intermediate_size") or number * width
        return mixture(
            c,
            experts=c.size(*EXPERTS),
            used=c.size("num_experts_per_tok", "num_experts_per_token", "moe_topk", "moe_k"),
            width=width,
            shared=shared,
            bias=bias,
            shared_bias=bias or said(c, shared_bias),
            router=router,
            router_bias=router_bias,
            at=at,
            shared_at=shared_at,
            shared_gate=shared_gate,
        )

    return read


LLAMA = LlamaLike(bias="attention_bias", mlp_bias="mlp_bias", window=everything)
TYPES: Mapping[str, Reader] = {"llama": LLAMA.read}
