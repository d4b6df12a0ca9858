"""What each layer of a model is: fields that list it, count it from the front, or repeat it."""

from __future__ import annotations

import re
from collections.abc import Sequence

from gpuspec.architectures.config import ModelConfig, Unsaid

LINEAR = frozenset({"linear_attention", "linear", "kda", "mamba", "recurrent", "gated_deltanet"})
"""Names of layers whose memory does not grow with the text."""
_ATTEND = re.compile(r"full|global|sliding|local|window|chunked|indexed|^attention$|^dense$|^sparse$|^moe$")
"""Kinds of layers that attend, in `layer_types`."""


def attending(kinds: Sequence[str]) -> None:
    """Raises Unsaid for a kind of layer that does not attend: nobody knows what it remembers."""
    strange = next((kind for kind in kinds if not _ATTEND.search(kind.lower())), None)
    if strange is not None:
        raise Unsaid(f"its layers are of a kind that gpuspec does not know: {strange[:60]!r}")


def sparse_layers(c: ModelConfig, *, first: int = 0, field: str = "first_k_dense_replace") -> list[bool]:
    """Which layers have a mixture of experts rather than one feed-forward block.

    `field`: the one that says how many dense ones stand in front; `first`: how many do where it does not."""
    listed = c.per_layer("mlp_layer_types")
    if listed:
        return [kind != "dense" for kind in listed]
    marked = c.numbers("moe_layer_freq")
    if len(marked) == c.layers:
        return [bool(each) for each in marked]
    dense = c.count(field) if c.raw(field) is not None else first
    step = 1 if marked else c.size("moe_layer_freq", default=1)
    return [index >= dense and index % step == 0 for index in range(c.layers)]


def every(c: ModelConfig, interval: int) -> tuple[str, ...]:
    """Attention in each `interval`-th layer, something linear in the others."""
    return tuple(
        "linear_attention" if (index + 1) % interval else "full_attention" for index in range(c.layers)
    )


def rotating_layers(c: ModelConfig) -> list[bool]:
    """Which layers rotate queries and keys. A list has 1 for those that do, despite its name; without one, the last
    of so many does not."""
    marked = c.numbers("no_rope_layers")
    if len(marked) >= c.layers:
        return [bool(each) for each in marked[: c.layers]]
    interval = c.size("no_rope_layer_interval", default=4)
    return [(index + 1) % interval != 0 for index in range(c.layers)]


def indexing_layers(c: ModelConfig) -> list[bool]:
    """Which layers of sparse attention run an indexer; the others read what the last such layer chose.

    Source: transformers `GlmMoeDsaConfig`; vLLM models/deepseek_v32/attention.py."""
    listed = c.per_layer("indexer_types")
    if listed:
        return [kind == "full" for kind in listed]
    pattern = c.raw("index_topk_pattern")
    if isinstance(pattern, (str, list, tuple)) and len(pattern) >= c.layers:
        return [each in ("F", "full") for each in pattern[: c.layers]]
    step, offset = max(c.count("index_topk_freq"), 1), c.size("index_skip_topk_offset", default=2)
    return [max(index - offset + 1, 0) % step == 0 for index in range(c.layers)]
