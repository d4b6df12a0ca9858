"""Memory of engines that allocate as they go: PyTorch as transformers runs it, and what is built like it."""

from gpuspec.engines.engine import before
from gpuspec.quantization import find_scheme
from gpuspec.sizing.inference import activations
from gpuspec.sizing.inference.setup import Answering, cache_dtype, encodes
from gpuspec.sizing.kv import kv_cache
from gpuspec.sizing.memory import Part, Phase
from gpuspec.sizing.weights import GIB

CACHE_GROWTH = {"low": 0.0, "expected": 1.0, "high": 1.2}
"""Memory kept reserved beside a cache that grows by concatenation, as a share of what was generated: the blocks
of the shorter versions. Fitted to Qwen-7B's peaks over batch and length (QwenLM/Qwen README)."""


def phases(at: Answering, held: list[Part]) -> tuple[Phase, ...]:
    """What stands on the GPU while it answers; `held` is there all the time."""
    parts = [*held, activation_part(at)]
    parts.extend(_loading_part(at, parts))
    fragmentation = _fragmentation(at, parts)
    if fragmentation.high > 0:
        parts.append(fragmentation)
    return (Phase("answering", tuple(parts)),)


def activation_part(at: Answering) -> Part:
    """What passes through the layers at their widest point, on one GPU."""
    workload, shape, scheme, engine = at.workload, at.shape, at.scheme, at.engine
    request, gpus, usual = at.request, at.gpus, at.defaults.chunk
    chunk = workload.max_batched_tokens or usual
    rows = request.prompt * request.sequences
    if chunk and not workload.max_batched_tokens:
        rows = min(rows, chunk) if not engine.memory.queues else min(chunk, max(rows, 2048))
    elif chunk:
        rows = chunk
    split = gpus if workload.tensor_parallel or engine.memory.queues else 1
    size = activations.prefill(shape, rows) / split
    # One matrix is held in 16 bit while a 4-bit one is multiplied.
    unpacks = engine.memory.dequantizes and find_scheme(scheme).four_bit
    unpacked = 2 * shape.largest_matrix if unpacks else 0.0
    size += unpacked
    final = activations.logits(shape, request.sequences)
    low = high = expected = size + final
    why = f"{rows:,} prompt tokens × 2 bytes × (3 × {shape.intermediate} + 4 × {shape.hidden})"
    if encodes(workload):
        low, high = 0.5 * expected, 2 * expected
    elif (freed := engine.memory.prompt_freed_since) and not before(workload.engine_version, freed):
        surplus = max(size - _later_cache(at), 0.0)
        repeat = activations.repeated_kv(shape, request.context * request.sequences)
        low = final
        expected = final + (
            repeat + unpacked if scheme in engine.memory.repeats_kv else unpacked if rows <= 1 else 0.0
        )
        high = max(expected, final + max(surplus, repeat))
        why += "; the expected figure is decoding alone (transformers ≥ 4.51)"
    elif usual is None:
        expected = max(final, size - _later_cache(at)) + unpacked * (size <= unpacked)
        low, high = max(expected - 0.1 * size, 0.0), expected + 0.25 * size
    else:
        low, high = 0.6 * expected, 1.5 * expected
    return Part("activations", low / GIB, expected / GIB, high / GIB, why)


def _loading_part(at: Answering, parts: list[Part]) -> list[Part]:
    """A tied head that is held twice until the model is loaded: a peak of its own where cache and activations stay
    below it."""
    shape, scheme, engine, version = at.shape, at.scheme, at.engine, at.workload.engine_version
    once = engine.memory.head_twice_before.get(scheme)
    if not (once and shape.tied and before(version, once)):
        return []
    head = shape.vocab * shape.hidden * 2 / GIB
    later = sum(part.expected for part in parts if part.name in ("KV cache", "activations"))
    over = max(head - later, 0.0)
    return [Part("second head", 0.0, over, head, f"{shape.vocab:,} × {shape.hidden} × 2 bytes while loading")]


def _later_cache(at: Answering) -> float:
    """Cache of the tokens generated after the prompt: not yet there when the prompt's pass peaks."""
    workload, shape, request = at.workload, at.shape, at.request
    dtype = cache_dtype(workload, shape)
    now = kv_cache(shape, request.prompt, request.sequences, dtype)
    return kv_cache(shape, request.context, request.sequences, dtype) - now


def _fragmentation(at: Answering, parts: list[Part]) -> Part:
    engine, request = at.engine, at.request
    dynamic = sum(part.expected for part in parts if part.name in ("KV cache", "activations"))
    cache = next(part.expected for part in parts if part.name == "KV cache")
    grown = cache * request.generated / max(request.context, 1)
    left = list(CACHE_GROWTH.values()) if engine.memory.grows else [0.0, 0.0, 0.0]
    low, expected, high = (dynamic * engine.memory.fragmentation[i] + grown * left[i] for i in range(3))
    return Part(
        "fragmentation",
        low,
        expected,
        high,
        "blocks the allocator holds but cannot reuse",
        counted_from="reserved",
        fitted=True,
    )
