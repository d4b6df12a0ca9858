"""Memory of engines that set everything aside when they start: llama.cpp and what is built on it.

Source of each formula: llama.cpp of September 2026, src/llama-context.cpp (`sched_reserve`), src/llama-kv-cache.cpp,
src/llama-kv-cache-iswa.cpp and the graphs of src/models."""

from gpuspec.architectures.parts import Cache
from gpuspec.engines.engine import before
from gpuspec.named_tuple import NamedTuple
from gpuspec.quantization import bits_of, find_scheme
from gpuspec.sizing.inference.placement import cache_on_gpu
from gpuspec.sizing.inference.setup import Answering, cache_dtype
from gpuspec.sizing.kv import entries, kv_bytes, kv_why, of_sequence
from gpuspec.sizing.memory import Part, Phase
from gpuspec.sizing.weights import GIB, bytes_of, in_scheme

PAD = 256
"""Cells of a cache come in multiples of it."""
IN_FLIGHT = 4
"""Copies of a graph's inputs where several GPUs take turns (GGML_SCHED_MAX_COPIES)."""
HIDDEN_BUFFERS = 4
"""Vectors of the model's width that stand beside the widest ones: the residual, its sum, its norm, the input."""
VISITS_FROM = 32
"""Tokens from which a matrix on the host is worth a copy (ggml-cuda.cu, `device_offload_op`)."""
STATE_BYTES = 4
"""Of an element of a recurrent state: 32 bit whatever the cache is kept in."""


class Cells(NamedTuple):
    """Places for tokens: `streams` caches, each of `each`, for `slots` sequences."""

    each: int
    streams: int
    slots: int
    chunk: int
    """Tokens that go through together."""

    def of(self, cache: Cache, *, window: bool) -> int:
        """Places in one stream for a kind of layer."""
        if not cache.window or not window:
            return self.each
        sequences = self.slots if self.streams == 1 else 1
        return min(self.each, _padded(cache.window * sequences + self.chunk))


def phases(at: Answering, held: list[Part]) -> tuple[Phase, ...]:
    """What stands on the GPU from the start on; `held` are weights, cache and what drafts."""
    parts = [*held, compute_part(at)]
    parts.extend(part for part in (_unpacked_cache(at), _visiting_weights(at)) if part.high > 0)
    return (Phase("answering", tuple(parts)),)


def cells(at: Answering) -> Cells:
    """Places for tokens that the cache has."""
    workload, defaults = at.workload, at.defaults
    stated = at.request.sequences if workload.users is not None else workload.concurrency
    slots = stated or (defaults.batch if workload.task == "serve" else None) or 1
    alone = stated is None and defaults.shares_cache
    each = _padded(at.request.context)
    streams = 1 if alone else slots
    chunk = min(workload.max_batched_tokens or defaults.chunk or each, each * streams)
    return Cells(each, streams, slots, chunk)


def cache_bytes(at: Answering) -> float:
    """Bytes of the whole cache on all GPUs."""
    places, size = cells(at), 0.0
    for cache in at.shape.caches:
        each = kv_bytes(cache_dtype(at.workload, at.shape), keys=cache.kind == "latent")
        window = heeds_window(at, cache)
        tokens = places.of(cache, window=window)
        kept = cache._replace(window=0, state=0)
        size += places.streams * of_sequence(kept, tokens, each)
        size += places.slots * cache.layers * cache.state * STATE_BYTES
    return size


def heeds_window(at: Answering, cache: Cache) -> bool:
    """Whether the engine keeps no more of these layers than their window."""
    buffers, model = at.engine.memory.buffers, at.workload.model
    if buffers is None or not cache.window or at.workload.whole_windows:
        return False
    if model is not None and model.architecture in buffers.whole_windows:
        return False
    return not before(at.workload.engine_version, buffers.windows_since)


def compute_part(at: Answering) -> Part:
    """The buffer that the graph of a prompt chunk works in, on each GPU: the largest of a layer and of the logits."""
    flash, certain = _flash(at)
    plain, quick = _compute(at, flash=False), _compute(at, flash=True)
    size = quick if flash else plain
    most = size if certain else max(plain, quick)
    places = cells(at)
    kind = (
        "" if flash else f", {at.shape.heads} heads × {places.each:,} tokens × 4 bytes without FlashAttention"
    )
    why = f"{_compute_why(at, flash=flash)}{kind}"
    if not certain:
        why += "; at most without FlashAttention, which not every version has on"
    spread = 1.6 if any(cache.state for cache in at.shape.caches) else 1.2
    return Part("compute buffer", 0.85 * size / GIB, size / GIB, spread * most / GIB, why)


def _flash(at: Answering) -> tuple[bool, bool]:
    """(whether attention is FlashAttention, whether that is certain)."""
    buffers, asked = at.engine.memory.buffers, at.workload.flash_attention
    if asked is not None or buffers is None:
        return bool(asked), True
    version = at.workload.engine_version
    on = not before(version, buffers.flash_since)
    return on, not (on and buffers.flash_for_some)


def _compute(at: Answering, *, flash: bool) -> float:
    """Bytes of the buffer. The masks stand until the last layer; the logits come after it."""
    masks, layer, logits = _pieces(at, flash=flash)
    return max(masks + layer, logits)


def _compute_why(at: Answering, *, flash: bool) -> str:
    """The arithmetic of the buffer, in words."""
    shape, chunk = at.shape, cells(at).chunk
    masks, layer, logits = _pieces(at, flash=flash)
    if logits > masks + layer:
        rows = (logits - 4.0 * chunk * shape.hidden) / (4.0 * shape.vocab)
        beside = f"{chunk:,} tokens × {shape.hidden:,}"
        return f"{rows:,.0f} rows of logits × {shape.vocab:,} words, and {beside}, × 4 bytes"
    widest = f"{chunk:,} tokens × {layer / 4 / chunk:,.0f} elements at the widest point of a layer × 4 bytes"
    return f"{widest}, and {masks / GIB:.2f} GiB of masks"


def _pieces(at: Answering, *, flash: bool) -> tuple[float, float, float]:
    """Bytes of the masks, of the widest point of a layer, and of the logits."""
    shape, places = at.shape, cells(at)
    row = 4.0 * places.chunk
    sizes = {places.of(each, window=heeds_window(at, each)) for each in shape.caches if each.width}
    masks = places.chunk * (2.0 if flash else 4.0) * sum(sizes)
    if at.gpus > 1 and not at.workload.cpu_offload:
        masks *= IN_FLIGHT
    beside = HIDDEN_BUFFERS * shape.hidden
    attention = row * (shape.query_width + beside)
    if not flash:
        attention = row * (shape.heads * max(sizes, default=0) + beside)
    layer = row * (_widest(at) + beside)
    few = at.workload.task == "serve" and _few_logits(at)
    logits = 4.0 * (places.slots if few else places.chunk) * shape.vocab + row * shape.hidden
    return masks, max(layer, attention), logits


def _widest(at: Answering) -> float:
    """Elements a token takes in the widest step of a feed-forward block: gate, up and their product; in a mixture
    also what each of its experts gives back, before that is summed."""
    shape, model = at.shape, at.workload.model
    matrices = 3 if shape.gated else 2
    used = model.experts_used if model and model.experts_used and shape.expert_params else 0
    if not used:
        return float(matrices * shape.intermediate)
    return max(matrices * shape.moe_width, shape.moe_width + used * shape.hidden)


def _few_logits(at: Answering) -> bool:
    buffers = at.engine.memory.buffers
    since = buffers.few_logits_since if buffers else None
    return since is not None and not before(at.workload.engine_version, since)


def _unpacked_cache(at: Answering) -> Part:
    """The keys and values of one layer in 16 bit, which FlashAttention makes of a quantized cache for each prompt
    chunk: as many of them as there are tokens so far.

    Source: ggml-cuda/fattn-common.cuh, `K_f16`, `V_f16`. Qwen3.6-35B at 145,041 tokens: 294 MiB more than at rest
    (ggml-org/llama.cpp#23861)."""
    shape, places = at.shape, cells(at)
    quantized = kv_bytes(cache_dtype(at.workload, shape)) < 2
    widest = max((c.width * places.of(c, window=heeds_window(at, c)) for c in shape.caches), default=0)
    size = 2.0 * widest / GIB if quantized else 0.0
    return Part(
        "unpacked cache", 0.0, size, size, "one layer's cache in 16 bit while a prompt is read", "reserved"
    )


def _visiting_weights(at: Answering) -> Part:
    """Room for the largest matrix that is on the host: prompts of 32 tokens and more are multiplied on the GPU, which
    gets a copy of each such matrix in turn, of all experts of a layer together.

    Source: ggml-backend.cpp, `op_offload` and the inputs of a split. Llama-3-8B with layers on the host: 411 MiB for
    its head in Q6_K."""
    workload, shape = at.workload, at.shape
    most = max(workload.experts_on_host or 0, 1 if workload.layers_on_gpu is not None else 0)
    if not most or cells(at).chunk < VISITS_FROM:
        return Part("visiting weights", 0.0, 0.0, 0.0, "")
    routed = [row for row in in_scheme(shape, find_scheme(at.scheme)) if row.part == "experts"]
    if routed:
        matrices = (3 if shape.gated else 2) * shape.layers
        size, what = sum(map(bytes_of, routed)) / matrices / GIB, "the experts of a layer"
    else:
        size, what = shape.largest_matrix * (bits_of(at.scheme) or 16.0) / 8 / GIB, "a layer"
    why = f"a matrix of {what} that is on the host, copied to read a prompt; two while one follows the other"
    return Part("visiting weights", 0.0, size, 2 * size, why, "allocated")


def cache_on_each(at: Answering) -> float:
    """Bytes of the cache on the fullest GPU."""
    return cache_bytes(at) * cache_on_gpu(at)


def cache_why(at: Answering) -> str:
    """The arithmetic in words."""
    counted, kinds = cells(at), at.shape.caches
    places = [
        entries(cache._replace(window=0), counted.of(cache, window=heeds_window(at, cache)))
        for cache in kinds
    ]
    why = kv_why(at.shape, places, counted.streams, cache_dtype(at.workload, at.shape))
    over = f", its layers over {at.gpus} GPUs" if at.gpus > 1 else ""
    part = cache_on_gpu(at) * max(at.gpus, 1)
    return why + over + (f", {part:.0%} of them on the GPU" if part < 0.99 else "")


def _padded(tokens: int) -> int:
    return -(-tokens // PAD) * PAD
