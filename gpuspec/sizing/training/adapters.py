"""LoRA adapters: how many parameters they have."""

from __future__ import annotations

from gpuspec.sizing.shape import Shape


def adapter_params(shape: Shape, rank: int, targets: str = "all") -> float:
    """Parameters of LoRA adapters: rank × (in + out) of every adapted matrix.

    `targets`: "all" linear layers (QLoRA, unsloth, axolotl) or "qv" (PEFT's and LitGPT's default). In a
    mixture of experts adapters go to attention and, as engines do, one set per expert is not made."""
    query, key = shape.query_width, shape.kv_heads * shape.head_dim
    widths = (shape.hidden + query) + (shape.hidden + key)
    if targets == "all":
        mlp = 0 if shape.expert_params else (3 if shape.gated else 2) * (shape.hidden + shape.intermediate)
        widths = 2 * (shape.hidden + query) + 2 * (shape.hidden + key) + mlp
    return float(rank * widths * shape.layers)
