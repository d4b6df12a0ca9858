"""KV cache: what the layers remember of each sequence, by kind of layer."""

from __future__ import annotations

from collections.abc import Sequence

from gpuspec.architectures.parts import Cache
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


def kv_bytes(dtype: str | None, *, keys: bool = False) -> float:
    """Bytes per cached element; an unknown dtype counts as 16 bit, which is what engines default to.

    Of "q8_0/q4_0" the first holds for keys, the second for values, which are as many; `keys`: of keys alone."""
    name = (dtype or "bf16").lower()
    if "/" in name:
        first, second = map(kv_bytes, name.split("/", 1))
        return first if keys else (first + second) / 2
    if name.startswith("fp8"):
        return 1.0
    return KV_BYTES.get(name, 2.0)


def kv_cache(
    shape: Shape, tokens: float, sequences: float, dtype: str | None = None, *, tensor: int = 1
) -> float:
    """Bytes of cache for `sequences` of `tokens` each; with `tensor` parallelism, those of one GPU.

    Tensor parallelism divides KV heads down to one on each GPU, then copies them. What has no heads, such as the
    latent vectors of MLA, every GPU keeps whole.
    Source: vLLM kv_cache_interface.py (FullAttentionSpec, SlidingWindowSpec, MLAAttentionSpec, MambaSpec)."""
    size = kv_bytes(dtype)
    return sequences * sum(of_sequence(each, tokens, size) * _share(each, tensor) for each in shape.caches)


def of_sequence(cache: Cache, tokens: float, size: float) -> float:
    """Bytes of one sequence in layers of a kind. `size`: of an element, where the cache leaves a choice."""
    each = cache.bits / 8 if cache.bits else size
    growing = cache.width * entries(cache, tokens) * each
    return cache.layers * (growing + cache.state * cache.state_bits / 8)


def entries(cache: Cache, tokens: float) -> float:
    """Places that a sequence of so many tokens takes in one layer: a window of the last, or one for several."""
    seen = min(tokens, cache.window) if cache.window else tokens
    return seen / max(cache.stride, 1)


def _share(cache: Cache, tensor: int) -> float:
    """Of one GPU among `tensor`."""
    return 1 / min(tensor, cache.heads) if cache.heads else 1.0


def kv_why(shape: Shape, places: Sequence[float], sequences: int, dtype: str | None) -> str:
    """The arithmetic in words, where each sequence has so many `places` in the layers of each kind."""
    size = kv_bytes(dtype)
    terms = []
    for cache, held in zip(shape.caches, places, strict=True):
        kind = "" if cache.kind in ("full", "state") else f"{cache.kind} "
        if cache.width:
            fixed = f" of {cache.bits} bits" if cache.bits else ""
            tokens = f"{held:,.0f} {'tokens' if cache.stride == 1 else 'entries'}"
            terms.append(f"{cache.layers} {kind}layers × {cache.width:,} elements{fixed} × {tokens}")
    if constant := max((cache.layers for cache in shape.caches if cache.state), default=0):
        terms.append(f"{constant} layers of constant state")
    many = f" × {sequences:,} sequences" if sequences != 1 else ""
    return f"({' + '.join(terms) or 'no layer remembers'}) × {size:g} bytes{many}"
