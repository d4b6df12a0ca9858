"""The longest text a model takes, as its config states it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from gpuspec.architectures.config import ModelConfig

_STATED = (
    "max_position_embeddings", "n_positions", "max_seq_len", "seq_length", "max_target_positions",
    "max_sequence_length", "max_seq_length", "seq_len",
)  # fmt: skip
_NOT_MULTIPLIED = frozenset({"su", "longrope", "llama3", "yarn", "deepseek_yarn", "deepseek_llama_scaling"})
"""Kinds of scaled rotary embeddings whose `max_position_embeddings` is the scaled length already."""
_LONGEST = 10**9


def longest_context(c: ModelConfig) -> int | None:
    """Tokens that an engine takes at most: what the config says, times the factor of a scaled rotary embedding.

    Source: vLLM 0.33.0 `ModelArchConfigConvertorBase.derive_max_model_len_and_key` and `_get_and_verify_max_len`
    (September 2026): `model_max_length` counts before all else, then the smallest of the other fields. YaRN has been
    among the kinds that are not multiplied since a field of its own says the original length; Gemma 3 states its
    scaled length. A window of the attention shortens nothing."""
    stated = _stated(c)
    if not stated:
        return None
    factor = 1.0
    if "gemma3" not in c.model_type:
        for scaling in _scalings(c.raw("rope_scaling", "rope_parameters")):
            kind = str(scaling.get("rope_type") or scaling.get("type") or "default")
            if kind not in _NOT_MULTIPLIED:
                factor = ModelConfig(scaling).number("factor", factor)
    return max(min(int(stated * factor), _LONGEST), 1)


def default_context(c: ModelConfig) -> int | None:
    """Tokens that vLLM takes where no length is asked for, if these are fewer: with LongRoPE the length before it, so
    that short texts stay as good as they were (`_get_and_verify_max_len`, as above)."""
    kinds = {
        str(scaling.get("rope_type") or scaling.get("type"))
        for scaling in _scalings(c.raw("rope_scaling", "rope_parameters"))
    }
    original, longest = c.raw("original_max_position_embeddings"), longest_context(c)
    if not kinds & {"longrope", "su"} or type(original) is not int or longest is None:
        return None
    return original if 0 < original < longest else None


def _stated(c: ModelConfig) -> int:
    """The length before scaling; what the config says counts before its class's defaults."""
    lengths = {name: int(c.number(name, 0)) for name in (*_STATED, "model_max_length")}
    said = {name: length for name, length in lengths.items() if c.says(name) and length}
    lengths = said or {name: length for name, length in lengths.items() if length}
    return lengths.get("model_max_length") or min(lengths.values(), default=0)


def _scalings(said: Any) -> Iterator[dict[str, Any]]:
    """How rotary embeddings are scaled: once, or once for each kind of layer (transformers 5)."""
    if isinstance(said, dict):
        inner = [each for each in said.values() if isinstance(each, dict)]
        yield from inner or [said]
