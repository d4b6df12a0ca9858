"""Memory of a text model that answers: weights, cache, activations, process."""

from typing import Literal, NamedTuple

from gpuspec.architectures.parts import TOWERS
from gpuspec.catalog.hub_id import what_makes_known
from gpuspec.catalog.model_task import READS
from gpuspec.engines import ASSUMED, FOR_GGUF, Engine, engine_of
from gpuspec.engines.engine import before
from gpuspec.quantization import DTYPE_BITS, find_scheme
from gpuspec.quantization.checkpoint_names import split_quantization
from gpuspec.sizing import activations
from gpuspec.sizing.kv import kv_bytes, kv_cache, kv_why
from gpuspec.sizing.memory import Need, Part, Unsized, unknown_scheme
from gpuspec.sizing.runtime import runtime, vision_tower
from gpuspec.sizing.shape import Shape, shape_of
from gpuspec.sizing.weights import GIB, Weights, bytes_of, in_scheme, sizable, weights
from gpuspec.workload import Workload

DEFAULT_CONTEXT = 4096
CACHE_GROWTH = {"low": 0.0, "expected": 1.0, "high": 1.2}
"""Memory kept reserved beside a cache that grows by concatenation, as a share of what was generated: the blocks
of the shorter versions. Fitted to Qwen-7B's peaks over batch and length (QwenLM/Qwen README)."""


class CacheRequest(NamedTuple):
    """What the cache must hold: tokens per sequence, of which `prompt` come at once and `generated` one by
    one (where nobody said, either may be all of them); sequences."""

    context: int
    prompt: int
    generated: int
    sequences: int


def inference(workload: Workload, gpus: int, prompt: int | None = None) -> Need | Unsized:
    """Need of a language or embedding model that serves or processes in batch."""
    shape = shape_of(workload)
    if isinstance(shape, Unsized):
        return shape
    scheme = scheme_of(workload, shape)
    if not sizable(shape, scheme):
        return unknown_scheme(scheme)
    engine = engine_of(workload.engine or (FOR_GGUF if find_scheme(scheme).family == "GGUF" else ASSUMED))
    assumptions: list[str] = []
    request = _request(workload, shape, engine, prompt, assumptions)
    parts = [_weights_part(workload, shape, scheme, engine, gpus)]
    parts.append(_cache_part(workload, shape, request, gpus))
    parts.append(_activation_part(workload, shape, scheme, engine, request, gpus))
    parts.extend(_loading_part(shape, scheme, engine, workload.engine_version, parts))
    draft = _draft_part(workload, request, gpus)
    if isinstance(draft, Unsized):
        return draft
    parts.extend(draft)
    if not workload.text_only:
        parts.extend(vision_tower(workload.model, training=False))
    parts.extend(runtime(engine.memory.context, engine.memory.workspace, gpus))
    fragmentation = _fragmentation(engine, request, parts)
    if fragmentation.high > 0:
        parts.append(fragmentation)
    return Need(
        tuple(parts),
        gpus,
        engine.name,
        tuple(_said(workload, shape, engine) + assumptions),
        _confidence(workload, shape),
    )


def scheme_of(workload: Workload, shape: Shape | None = None) -> str:
    """The scheme the weights are kept in: what was asked for, else the checkpoint's own, else 16 bit."""
    if workload.quantization:
        return workload.quantization
    native = shape.native if shape else None
    if native and native not in DTYPE_BITS and workload.dtype in (None, "bf16", "fp16"):
        return native
    return workload.dtype or "bf16"


def cache_dtype(workload: Workload, shape: Shape) -> str | None:
    """What the cache is kept in: as asked for, else as the checkpoint says where the engine heeds it."""
    heeds = engine_of(workload.engine or ASSUMED).memory.heeds_kv_dtype
    return workload.kv_dtype or (shape.kv_dtype if heeds else None)


def may_cache_in_8_bit(workload: Workload, shape: Shape) -> bool:
    """Whether its checkpoint, whose config nobody read, may ask for a cache of 8 bits: known is only that its name
    states a scheme whose makers often add the scales of one."""
    read = shape.kv_dtype is not None or any(row.bits < 16 for row in shape.weights)
    if read or "kv_dtype" in workload.origins or workload.kv_dtype or not workload.model_name:
        return False
    owner, _, bare = workload.model_name.rpartition("/")
    heeds = engine_of(workload.engine or ASSUMED).memory.heeds_kv_dtype
    return heeds and find_scheme(split_quantization(bare, owner=owner)[1]).scales_cache


def cache_on_each(workload: Workload, shape: Shape, context: float, sequences: float, gpus: int) -> float:
    """Bytes of cache on each GPU.

    Pipelines divide the layers, and so do engines that spread a model without being told how; tensor parallelism
    divides the KV heads, context parallelism the tokens (vLLM 0.33 v1/kv_cache_interface.py, `dcp_sharded`)."""
    pipeline = min(workload.pipeline_parallel or 1, gpus)
    within = max(gpus // pipeline, 1)
    tensor = within if workload.tensor_parallel or engine_of(workload.engine or ASSUMED).memory.queues else 1
    tokens = context / min(workload.context_parallel or 1, within)
    size = kv_cache(shape, tokens, sequences, cache_dtype(workload, shape), tensor=tensor)
    return size / (pipeline if tensor > 1 else pipeline * within)


def _request(
    workload: Workload, shape: Shape, engine: Engine, prompt: int | None, assumptions: list[str]
) -> CacheRequest:
    context = workload.context
    if context is None:
        context = min(shape.max_context or DEFAULT_CONTEXT, DEFAULT_CONTEXT)
        assumptions.append(f"{context:,} tokens per sequence, since no context was given")
    sequences = workload.concurrency or 1
    if workload.engine is None and sequences > 1:
        assumptions.append(f"{sequences} sequences at once, or one after another: name the engine to know")
    if engine.memory.queues and sequences > 1:
        assumptions.append(f"{engine.name} queues: one sequence must fit, {sequences} decide speed")
        sequences = 1
    if prompt is None:
        return CacheRequest(context, context, context, sequences)
    return CacheRequest(context, min(prompt, context), context - min(prompt, context), sequences)


def _weights_part(workload: Workload, shape: Shape, scheme: str, engine: Engine, gpus: int) -> Part:
    size = _as_on_disk(workload, shape, loaded_weights(workload, shape, scheme, engine))
    on_gpu = (0.02, 0.1, 1.0) if workload.cpu_offload else (1.0, 1.0, 1.0)
    why = size.why + (f", over {gpus} GPUs" if gpus > 1 else "")
    share = 1 / gpus / GIB
    copies = workload.data_parallel or 1
    if copies > 1 and shape.expert_params and engine.memory.shares_experts:
        held = in_scheme(shape, find_scheme(scheme))
        experts = sum(map(bytes_of, (row for row in held if row.part == "experts"))) / size.expected
        experts = min(experts, 1.0)
        share *= 1 - experts + experts / copies
        why += f"; {experts:.0%} of them are experts, which {copies} copies share"
    return Part(
        "weights",
        size.low * on_gpu[0] * share,
        size.expected * on_gpu[1] * share,
        size.high * on_gpu[2] * share,
        why,
    )


def loaded_weights(workload: Workload, shape: Shape, scheme: str, engine: Engine) -> Weights:
    """Bytes of the weights that an engine holds."""
    memory, fused = engine.memory, engine.quantizing.fused_experts_since
    stay = fused is not None and not before(workload.engine_version, fused)
    return weights(
        shape,
        scheme,
        untied_head=memory.never_ties or scheme in memory.unties_head_in,
        drafts=bool(workload.drafts),
        leaves=("experts",) if stay and find_scheme(scheme).family == "bitsandbytes" else (),
    )


def _as_on_disk(workload: Workload, shape: Shape, size: Weights) -> Weights:
    """The size of the files where they were read and hold what is to be loaded; a model quantized while it
    loads is another size than its files, and layers that only draft are left in them, as towers may be."""
    model = workload.model
    read = model.weights_gib * GIB if model and model.weights_gib else 0.0
    if model and read and workload.text_only:
        read -= sum(bytes_of(row) for row in model.weights if row.part in TOWERS)
    if read:
        read -= sum(map(bytes_of, shape.copies if workload.drafts else (*shape.copies, *shape.drafts)))
    if read <= 0 or (workload.quantization and not 0.85 * size.expected < read < 1.15 * size.expected):
        return size
    return Weights(read, read, 1.01 * read, f"the files on disk: {read / GIB:.2f} GiB")


def _loading_part(
    shape: Shape, scheme: str, engine: Engine, version: str | None, parts: list[Part]
) -> list[Part]:
    """A tied head that is held twice until the model is loaded: a peak of its own where cache and activations stay
    below it."""
    once = engine.memory.head_twice_before.get(scheme)
    if not (once and shape.tied and before(version, once)):
        return []
    head = shape.vocab * shape.hidden * 2 / GIB
    later = sum(part.expected for part in parts if part.name in ("KV cache", "activations"))
    over = max(head - later, 0.0)
    return [Part("second head", 0.0, over, head, f"{shape.vocab:,} × {shape.hidden} × 2 bytes while loading")]


def _draft_part(workload: Workload, request: CacheRequest, gpus: int) -> list[Part] | Unsized:
    """The model that drafts, with a cache of its own of the same tokens.

    Where it is the model itself, an engine may take only the layers of it that are there to draft."""
    draft = workload.draft
    if draft is None:
        if "draft" in workload.origins:
            return Unsized(f"which model drafts is not known ({workload.origin('draft').text})")
        return []
    shape = shape_of(draft)
    if isinstance(shape, Unsized) or not sizable(shape, scheme_of(draft, shape)):
        known = what_makes_known(draft.model_name or "")
        return Unsized(
            f"the size of {draft.model_name}, which drafts, is not known" + (known and f"; {known}")
        )
    size = weights(shape, scheme_of(draft, shape))
    cache = cache_on_each(workload, shape, request.context, request.sequences, gpus)
    own = sum(map(bytes_of, shape.drafts)) if draft.model_name == workload.model_name else 0.0
    low, expected, high = ((each / gpus + cache) / GIB for each in (size.low, size.expected, size.high))
    why = f"{draft.model_name}: {size.why}, and its cache of {request.context:,} tokens"
    return [Part("draft model", own / gpus / GIB if own else low, expected, high, why)]


def _cache_part(workload: Workload, shape: Shape, request: CacheRequest, gpus: int) -> Part:
    if _encodes(workload):
        return Part("KV cache", 0.0, 0.0, 0.0, "an encoder keeps no cache")
    size = cache_on_each(workload, shape, request.context, request.sequences, gpus) / GIB
    spread = 0.5 if not shape.exact else 0.25 if shape.why_unsure else 0.0
    why = kv_why(shape, request.context, request.sequences, cache_dtype(workload, shape))
    if workload.context_parallel:
        why += f", its tokens over {workload.context_parallel} GPUs"
    least = size * (1 - spread)
    if may_cache_in_8_bit(workload, shape):
        halved = workload._replace(kv_dtype="fp8")
        least = cache_on_each(halved, shape, request.context, request.sequences, gpus) / GIB * (1 - spread)
        why += ", or 1 if its checkpoint says so"
    if workload.engine is None:  # it may be one that queues: then one sequence must fit
        least /= request.sequences
    return Part("KV cache", least, size, size * (1 + 2 * spread), why)


def _encodes(workload: Workload) -> bool:
    """Whether the model reads a text once and writes none: nothing is cached, and that pass is the peak."""
    task = workload.model.task if workload.model else None
    return workload.modality in ("embedding", "text-embedding") or task in READS


def _activation_part(
    workload: Workload, shape: Shape, scheme: str, engine: Engine, request: CacheRequest, gpus: int
) -> Part:
    usual = engine.default(workload.engine_version).chunk
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
    if _encodes(workload):
        low, high = 0.5 * expected, 2 * expected
    elif (freed := engine.memory.prompt_freed_since) and not before(workload.engine_version, freed):
        surplus = max(size - _later_cache(workload, shape, request), 0.0)
        repeat = activations.repeated_kv(shape, request.context * request.sequences)
        low = final
        expected = final + (
            repeat + unpacked if scheme in engine.memory.repeats_kv else unpacked if rows <= 1 else 0.0
        )
        high = max(expected, final + max(surplus, repeat))
        why += "; the expected figure is decoding alone (transformers ≥ 4.51)"
    elif usual is None:
        expected = max(final, size - _later_cache(workload, shape, request)) + unpacked * (size <= unpacked)
        low, high = max(expected - 0.1 * size, 0.0), expected + 0.25 * size
    else:
        low, high = 0.6 * expected, 1.5 * expected
    return Part("activations", low / GIB, expected / GIB, high / GIB, why)


def _later_cache(workload: Workload, shape: Shape, request: CacheRequest) -> float:
    """Cache of the tokens generated after the prompt: not yet there when the prompt's pass peaks."""
    dtype = cache_dtype(workload, shape)
    now = kv_cache(shape, request.prompt, request.sequences, dtype)
    return kv_cache(shape, request.context, request.sequences, dtype) - now


def _fragmentation(engine: Engine, request: CacheRequest, parts: list[Part]) -> Part:
    dynamic = sum(part.expected for part in parts if part.name in ("KV cache", "activations"))
    cache = next(part.expected for part in parts if part.name == "KV cache")
    grown = cache * request.generated / max(request.context, 1)
    left = list(CACHE_GROWTH.values()) if engine.memory.grows else [0.0, 0.0, 0.0]
    low, expected, high = (dynamic * engine.memory.fragmentation[i] + grown * left[i] for i in range(3))
    return Part("fragmentation", low, expected, high, "blocks the allocator holds but cannot reuse")


def _said(workload: Workload, shape: Shape, engine: Engine) -> list[str]:
    said = []
    if not workload.engine:
        said.append(f"engine {engine.name}, since none was given")
    if workload.kv_dtype is None and not _encodes(workload):
        stated = cache_dtype(workload, shape)
        kept = f"{stated}, as its checkpoint says" if stated else f"16 bit ({kv_bytes(None):g} bytes)"
        said.append(f"KV cache in {kept}")
    if not shape.exact:
        said.append("architecture not known in full: layers and widths of the nearest dense model")
    elif shape.why_unsure:
        said.append(f"structure not certain: {shape.why_unsure}")
    elif shape.storage_unsure:
        said.append(f"weights not certain: {shape.storage_unsure}")
    return said


def _confidence(workload: Workload, shape: Shape) -> Literal["high", "medium", "low"]:
    if not shape.exact or (workload.engine is None and (workload.concurrency or 1) > 1):
        return "low"
    again = workload.draft is not None and workload.draft.model_name == workload.model_name
    return "high" if shape.sure and not again and not may_cache_in_8_bit(workload, shape) else "medium"
