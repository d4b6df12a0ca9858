"""KV cache: what attention remembers of each token."""

from __future__ import annotations

from gpuspec.sizing.shape import Shape

KV_BYTES = {
    "fp32": 4.0,
    "bf16": 2.0,
    "fp16": 2.0,
    "fp8": 1.0,
    "int8": 1.0625,
    "q8_0": 1.0625,
    "q5_1": 0.75,
    "q5_0": 0.6875,
    "q4_1": 0.625,
    "q4_0": 0.5625,
    "int4": 0.5625,
    "fp4": 0.5625,
}
"""Bytes per cached element; the 8- and 4-bit block formats carry a 16-bit scale per 32 elements."""


def kv_bytes(dtype: str | None) -> float:
    """Bytes per cached element; an unknown dtype counts as 16 bit, which is what engines default to."""
    name = (dtype or "bf16").lower()
    if name.startswith("fp8"):
        return 1.0
    return KV_BYTES.get(name, 2.0)


def kv_cache(shape: Shape, tokens: float, sequences: float, dtype: str | None = None) -> float:
    """Bytes of cache for `sequences` of `tokens` each: full layers see every token, sliding-window layers
    at most the window, linear-attention layers hold a constant state (kept in 32 bit).

    Source: vLLM kv_cache_interface.py (FullAttentionSpec, SlidingWindowSpec, MLAAttentionSpec, MambaSpec)."""
    size = kv_bytes(dtype)
    seen = min(tokens, shape.window) if shape.window else tokens
    full = shape.full_layers * shape.kv_width * tokens
    windowed = shape.window_layers * shape.window_kv_width * seen
    return sequences * (size * (full + windowed) + 4 * shape.linear_layers * shape.linear_state)


def kv_why(shape: Shape, tokens: int, sequences: int, dtype: str | None) -> str:
    """The arithmetic in words."""
    size = kv_bytes(dtype)
    terms = []
    if shape.full_layers:
        terms.append(f"{shape.full_layers} layers × {shape.kv_width:g} elements × {tokens:,} tokens")
    if shape.window_layers:
        seen = min(tokens, shape.window)
        terms.append(f"{shape.window_layers} window layers × {shape.window_kv_width:g} × {seen:,} tokens")
    if shape.linear_layers:
        terms.append(f"{shape.linear_layers} linear layers of constant state")
    many = f" × {sequences} sequences" if sequences != 1 else ""
    return f"({' + '.join(terms)}) × {size:g} bytes{many}"
