"""Activations of inference: what a forward pass holds for a moment."""

from __future__ import annotations

from gpuspec.sizing.shape import Shape

MLP_BUFFERS = 3
"""Gate, up and their product live together in a SwiGLU block; two where the MLP has no gate."""
HIDDEN_BUFFERS = 4
"""Residual, its normed copy, the block's output and the 32-bit norm's half share."""


def prefill(shape: Shape, tokens: float) -> float:
    """Bytes alive at the widest point of one layer when `tokens` go through together (16 bit).

    Counted from the operations; checked on Qwen2.5-7B in transformers 4.46: 6,144 tokens 0.98 GiB
    measured against 0.94, 30,720 tokens 4.2 against 4.1."""
    width = shape.moe_width if shape.expert_params else shape.intermediate
    mlp = (MLP_BUFFERS if shape.gated else 2) * width + HIDDEN_BUFFERS * shape.hidden
    attention = 3 * shape.query_width + HIDDEN_BUFFERS * shape.hidden
    return 2.0 * tokens * max(mlp, attention)


def repeated_kv(shape: Shape, tokens: float) -> float:
    """Bytes of one layer's keys and values expanded to every query head, which attention without
    FlashAttention does under grouped-query attention."""
    if shape.kv_heads >= shape.heads:
        return 0.0
    return 2.0 * tokens * 2 * shape.query_width


def logits(shape: Shape, rows: float) -> float:
    """Bytes of `rows` of logits: 16-bit, and the 32-bit copy sampling works on."""
    return 6.0 * rows * shape.vocab
