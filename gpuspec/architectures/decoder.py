"""From layers to a model: embeddings around them, and what the config says of the whole."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from gpuspec.architectures.config import ModelConfig
from gpuspec.architectures.context import default_context, longest_context
from gpuspec.architectures.parts import Architecture, Layer, Weight
from gpuspec.architectures.pieces import linear, norm

Reader = Callable[[ModelConfig], Architecture]
"""From a config, with its defaults, to the structure it states."""


def decoder(
    c: ModelConfig,
    layers: Sequence[Layer],
    *,
    outside: Sequence[Weight] = (),
    drafts: Sequence[Layer] = (),
    embedding: int | None = None,
    norm_bias: bool = False,
    final_norm: bool = True,
    head: int | None = None,
    head_bias: bool = False,
    tied: bool | None = None,
    names: tuple[str, str, str] = ("model.embed_tokens", "model.norm", "lm_head"),
) -> Architecture:
    """A model that writes text: an embedding, the layers, a last norm, an output head, and `outside` beside them.

    `embedding`: its width, where that is not the model's. `head`: its entries, where they are not the vocabulary's.
    `tied`: whether the head is the embedding (None: as the config says). `names`: of embedding, last norm
    and head."""
    vocabulary, hidden = c.vocabulary, c.hidden
    entries = head or vocabulary
    shared = c.tied if tied is None else tied
    whole = [
        Weight(names[0], "embedding", embedding or hidden, vocabulary, linear=False),
        *([norm(names[1], hidden, bias=norm_bias)] if final_norm else []),
        *outside,
    ]
    if not shared:
        whole.append(linear(names[2], "head", hidden, entries, bias=head_bias))
    elif head_bias:
        whole.append(Weight(f"{names[2]}.bias", "head", entries, linear=False))
    experts = _experts(layers)
    return Architecture(
        c.model_type,
        tuple(layers),
        tuple(whole),
        hidden,
        vocabulary,
        heads=_or_nothing(c, "heads"),
        kv_heads=max(
            (cache.heads for layer in layers for cache in layer.caches if cache.kind != "state"), default=0
        ),
        head_dim=_or_nothing(c, "head_dim"),
        intermediate=_or_nothing(c, "intermediate"),
        experts=experts[0],
        experts_used=experts[1],
        expert_width=experts[2],
        tied=shared,
        max_context=longest_context(c),
        default_context=default_context(c),
        drafts=tuple(drafts),
    )


def without_caches(found: Architecture) -> Architecture:
    """A model that sees a text in both directions, or writes it as a whole, remembers nothing of it."""
    return found._replace(layers=tuple(layer._replace(caches=()) for layer in found.layers))


def with_defaults_of(model_type: str, read: Reader) -> Reader:
    """A reader of an architecture that transformers does not know, built as one that it does: with its defaults."""

    def read_as(c: ModelConfig) -> Architecture:
        return read(c.read_as(model_type))._replace(model_type=c.model_type)

    return read_as


def without_head(found: Architecture) -> Architecture:
    """A model that makes a vector of a text rather than the next words."""
    return found._replace(outside=tuple(weight for weight in found.outside if weight.part != "head"))


def by_its_count(read: Reader) -> Reader:
    """A reader of an architecture whose code is not public, or was not read: it is not certain."""
    doubt = "its code was not read: this structure explains the elements that the hub counts"
    return lambda c: read(c)._replace(derived=doubt)


def _experts(layers: Sequence[Layer]) -> tuple[int, int, int]:
    """(experts, those a token takes, width inside one) of the first layer that has any."""
    for layer in layers:
        for weight in layer.weights:
            if weight.part == "experts":
                return weight.copies, weight.used, weight.outputs
    return 0, 0, 0


def _or_nothing(c: ModelConfig, name: str) -> int:
    try:
        return int(getattr(c, name))
    except ValueError:  # a model without attention has no heads
        return 0
