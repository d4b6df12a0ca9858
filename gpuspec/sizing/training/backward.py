"""What training keeps of a forward pass for the backward one, counted operation by operation."""

from typing import NamedTuple

from gpuspec.sizing.shape import Shape

COMPILED_SHARE = 0.65
"""torch.compile fuses norms and gates and recomputes them: what is left of the activations (torchtune)."""
NORM_WIDTHS = {"RMSNorm": 9.5, "LayerNorm": 6.0}
"""Norms, residuals and rotary copies of a layer in units of the hidden size: RMSNorm works on 32-bit copies,
LayerNorm is fused. Fitted to LitGPT's tables."""
DROPOUT_SHARE = 1.5
"""What an adapter's dropout keeps of its input: the copy (1) and a mask of one byte (0.5)."""
LOGIT_BYTES = {"plain": 10.0, "chunked": 2.0, "fused": 0.3}
"""Bytes per token and word: 16-bit logits, their 32-bit copy and its gradient; only the 16-bit logits where the
loss works in chunks; a sliver where it is fused."""


class Kept(NamedTuple):
    """How a run treats activations. `inputs`: every matrix keeps its input (it is trained, carries an
    adapter, or is a bitsandbytes matrix); `dropout`: adapters keep a dropped-out copy and its mask."""

    checkpointed: bool
    inputs: bool
    dropout: bool
    compiled: bool
    offloaded: bool


def layer_elements(shape: Shape, kept: Kept) -> float:
    """16-bit elements a layer keeps per token when nothing is recomputed.

    Norms and residuals 9.5 h (RMSNorm works on 32-bit copies; 6 h with LayerNorm, which is fused), query,
    key, value and output of attention 2 q + 2 kv, the MLP's gate, its activation and up 3 i (1 i without a
    gate); with `inputs` 2 h + i more, and with `dropout` half as much again for copies and masks."""
    width = shape.moe_width if shape.expert_params else shape.intermediate
    query, key = shape.query_width, shape.kv_heads * shape.head_dim
    elements = NORM_WIDTHS["RMSNorm" if shape.gated else "LayerNorm"] * shape.hidden + 2.0 * (query + key)
    elements += (3 if shape.gated else 1) * width
    if kept.inputs:
        elements += 2 * shape.hidden + width
    if kept.dropout:
        elements += DROPOUT_SHARE * (query + 2 * shape.hidden + width)
    return elements * (COMPILED_SHARE if kept.compiled else 1.0)


def activations(shape: Shape, tokens: int, kept: Kept) -> tuple[float, str]:
    """Bytes of activations and the arithmetic. With checkpointing only each layer's input stays (on the
    host if offloaded), and one layer is recomputed at a time."""
    inner = layer_elements(shape, kept)
    if kept.checkpointed:
        stored = 2 if kept.offloaded else shape.layers
        size = 2.0 * tokens * (stored * shape.hidden + inner)
        return size, f"{tokens:,} tokens × 2 bytes × ({stored} × {shape.hidden} + {inner:,.0f} of one layer)"
    size = 2.0 * tokens * shape.layers * inner
    return size, f"{tokens:,} tokens × 2 bytes × {shape.layers} layers × {inner:,.0f}"


def logits(shape: Shape, tokens: int, loss: str) -> tuple[float, str]:
    """Bytes of the loss, which is "plain", "chunked" or "fused"."""
    each = LOGIT_BYTES[loss]
    return each * tokens * shape.vocab, f"{tokens:,} tokens × {shape.vocab:,} words × {each:g} bytes"
