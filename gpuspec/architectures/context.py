"""The longest text a model takes, as its config states it."""

from __future__ import annotations

from gpuspec.architectures.config import Config

_STATED = (
    "max_position_embeddings", "n_positions", "max_seq_len", "max_seq_length", "seq_length", "model_max_length",
    "max_sequence_length", "n_ctx", "max_target_positions",
)  # fmt: skip
_NOT_MULTIPLIED = frozenset({"su", "longrope", "llama3", "default", "mrope", "proportional"})
"""Kinds of scaled rotary embeddings whose `max_position_embeddings` is the scaled length already."""


def longest_context(c: Config) -> int | None:
    """Tokens that an engine takes by default: what the config says, times the factor of its scaled rotary embedding.

    Source: vLLM config `_get_and_verify_max_len`: the factor multiplies `original_max_position_embeddings` for YaRN
    and `max_position_embeddings` for the linear and dynamic kinds; "su", "longrope" and "llama3" have it in that
    number already."""
    stated = next((c.count(name) for name in _STATED if c.count(name)), 0)
    scaling = c.raw("rope_scaling", "rope_parameters")
    if not isinstance(scaling, dict):
        return stated or None
    kind = str(scaling.get("rope_type") or scaling.get("type") or "default")
    factor = scaling.get("factor")
    if kind in _NOT_MULTIPLIED or not isinstance(factor, (int, float)) or not 1 <= factor < 10_000:
        return stated or None
    original = scaling.get("original_max_position_embeddings")
    if kind == "yarn" and type(original) is int and 0 < original < 10**9:
        return round(original * factor)
    return round(stated * factor) or None
