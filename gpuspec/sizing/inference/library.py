"""Memory of engines that allocate as they go: PyTorch as transformers runs it, and what is built like it.

Loading, the pass of a prompt and the writing of an answer follow each other. A prompt's pass is wide and has only the
prompt's cache beside it; at the end of an answer the cache is whole, and one token passes through."""

from gpuspec.engines.engine import before
from gpuspec.quantization import find_scheme
from gpuspec.sizing.inference import activations
from gpuspec.sizing.inference.setup import Answering, cache_dtype, encodes
from gpuspec.sizing.kv import kv_cache
from gpuspec.sizing.memory import Part, Phase
from gpuspec.sizing.weights import GIB

CACHE_GROWTH = {"low": 0.0, "expected": 0.1, "high": 1.0}
"""What the allocator keeps of the shorter versions of a cache that grows by concatenation, as a share of what was
generated. Not measured apart: between none and every block once more."""
SCORE_BYTES = 10.0
"""Of each score where attention holds its whole matrix: in 16 bit, in 32 bit for the softmax, and that in 16 bit
again with its mask (transformers' `eager_attention_forward`)."""


def phases(at: Answering, held: list[Part]) -> tuple[Phase, ...]:
    """What stands on the GPU one after the other; `held` are weights, the whole cache, and what drafts or sees."""
    weights, cache, *rest = held
    if encodes(at.workload):
        return (Phase("pass", _with_fragmentation(at, (*held, prompt_part(at)))),)
    early = _of_prompt(at, cache)
    found = [
        Phase("prompt", _with_fragmentation(at, (weights, early, *rest, prompt_part(at)))),
        Phase(
            "decoding",
            _with_fragmentation(at, (weights, cache, *rest, step_part(at), *_old_cache(at, cache))),
        ),
    ]
    head = _second_head(at)
    return (Phase("loading", (weights, *rest, *head)), *found) if head else tuple(found)


def prompt_part(at: Answering) -> Part:
    """What passes through the layers at their widest point while a prompt is read, on one GPU.

    Where nobody says how much of the context is prompt: none at least, half as a rule, all at most."""
    if not _split_unknown(at) or encodes(at.workload):
        return _pass_of(at)
    half = at._replace(request=at.request._replace(prompt=max(at.request.prompt // 2, 1)))
    most, usual = _pass_of(at), _pass_of(half)
    return most._replace(low=0.0, expected=usual.expected)


def _split_unknown(at: Answering) -> bool:
    """Whether nobody said how much of the context is prompt."""
    return at.request.prompt + at.request.generated > at.request.context


def _pass_of(at: Answering) -> Part:
    shape, rows = at.shape, _rows(at)
    split = at.gpus if at.workload.tensor_parallel else 1
    size = activations.prefill(shape, rows) / split
    why = f"{rows:,} prompt tokens × 2 bytes × (3 × {shape.intermediate:,} + 4 × {shape.hidden:,})"
    if _holds_scores(at):
        size = max(size, SCORE_BYTES * rows * at.request.prompt * shape.heads / split)
        why = f"{rows:,} × {at.request.prompt:,} scores × {shape.heads} heads × {SCORE_BYTES:g} bytes"
    final = activations.logits(shape, at.request.sequences)
    if _keeps_logits(at):
        final = activations.logits(shape, rows)
        why += f", {rows:,} × {shape.vocab:,} logits × 6 bytes"
    size += _unpacked(at)
    # The logits come when the layers have given back what they held.
    expected = max(size, final) if _keeps_logits(at) else size + final
    low = 0.9 * expected
    if encodes(at.workload):
        return Part("activations", 0.5 * expected / GIB, expected / GIB, 2 * expected / GIB, why)
    return Part("activations", low / GIB, expected / GIB, (expected + 0.25 * size) / GIB, why)


def step_part(at: Answering) -> Part:
    """What passes through the layers with one token of each sequence; one layer's cache beside its next version."""
    shape, request, memory = at.shape, at.request, at.engine.memory
    final = activations.logits(shape, request.sequences) + _unpacked(at)
    repeat = activations.repeated_kv(shape, request.context * request.sequences)
    repeats = at.scheme in memory.repeats_kv
    one = _one_layer(at) if memory.grows else 0.0
    expected = final + (repeat if repeats else 0.0) + one
    why = f"logits of {request.sequences:,} token{'s' * (request.sequences != 1)}"
    why += ", one layer's cache once more as it grows" if memory.grows else ""
    why += ", its keys and values for every head" if repeats else ""
    high = final + max(repeat, one) + one
    return Part("activations", final / GIB, expected / GIB, max(high, expected) / GIB, why)


def _rows(at: Answering) -> int:
    """Tokens that go through the layers together."""
    workload, usual = at.workload, at.defaults.chunk
    rows = at.request.prompt * at.request.sequences
    if workload.max_batched_tokens:
        return workload.max_batched_tokens
    return rows if usual is None else min(rows, usual)


def _holds_scores(at: Answering) -> bool:
    """Whether attention holds the whole matrix of its scores, because nothing faster was there yet."""
    if at.workload.flash_attention is not None:
        return not at.workload.flash_attention
    since = at.engine.memory.scores_before
    return since is not None and before(at.workload.engine_version, since)


def _keeps_logits(at: Answering) -> bool:
    """Whether a prompt's pass makes the logits of all its tokens, though only the last are sampled from."""
    since = at.engine.memory.whole_logits_before
    return since is not None and before(at.workload.engine_version, since)


def _unpacked(at: Answering) -> float:
    """Bytes of the one matrix that is held in 16 bit while a 4-bit one is multiplied."""
    unpacks = at.engine.memory.dequantizes and find_scheme(at.scheme).four_bit
    return 2 * at.shape.largest_matrix if unpacks else 0.0


def _one_layer(at: Answering) -> float:
    """Bytes of the widest layer's keys or values: what concatenation makes before the shorter ones go."""
    whole = kv_cache(at.shape, at.request.context, at.request.sequences, cache_dtype(at.workload, at.shape))
    return whole / max(sum(each.layers for each in at.shape.caches if each.width), 1) / 2


def _of_prompt(at: Answering, cache: Part) -> Part:
    """The cache as it is while the prompt is read."""
    request, dtype = at.request, cache_dtype(at.workload, at.shape)
    whole = kv_cache(at.shape, request.context, request.sequences, dtype)
    if not at.engine.memory.grows or whole <= 0 or _split_unknown(at):
        return cache
    share = kv_cache(at.shape, request.prompt, request.sequences, dtype) / whole
    why = f"of the {request.prompt:,} tokens of the prompt"
    return cache._replace(
        low=cache.low * share, expected=cache.expected * share, high=cache.high * share, why=why
    )


def _old_cache(at: Answering, cache: Part) -> list[Part]:
    """The cache of all layers as it was before a step, which the caller still holds while the step makes a longer one
    of each: transformers before it had a Cache, and models whose own code is as old."""
    memory, model = at.engine.memory, at.workload.model
    since, own = memory.cache_twice_before, model is not None and model.architecture in memory.cache_twice_for
    if not (own or (since and before(at.workload.engine_version, since))):
        return []
    why = "the cache before the last token, held until the next is whole"
    return [Part("old cache", 0.0, cache.expected, cache.high, why)]


def _second_head(at: Answering) -> list[Part]:
    """A tied head that is held twice until the model is loaded."""
    shape, version = at.shape, at.workload.engine_version
    once = at.engine.memory.head_twice_before.get(at.scheme)
    if not (once and shape.tied and before(version, once)):
        return []
    head = shape.vocab * shape.hidden * 2 / GIB
    return [
        Part("second head", head, head, head, f"{shape.vocab:,} × {shape.hidden} × 2 bytes while loading")
    ]


def _with_fragmentation(at: Answering, parts: tuple[Part, ...]) -> tuple[Part, ...]:
    """The parts, and what the allocator loses between their blocks."""
    memory, request = at.engine.memory, at.request
    cache = sum(part.expected for part in parts if part.name == "KV cache")
    dynamic = cache + sum(part.expected for part in parts if part.name in ("activations", "old cache"))
    grown = cache * request.generated / max(request.context, 1) if memory.grows else 0.0
    left = tuple(CACHE_GROWTH.values())
    low, expected, high = (dynamic * memory.fragmentation[i] + grown * left[i] for i in range(3))
    if high <= 0:
        return parts
    why = "blocks the allocator holds but cannot reuse"
    lost = Part("fragmentation", low, expected, high, why, counted_from="reserved", fitted=True)
    return (*parts, lost)
