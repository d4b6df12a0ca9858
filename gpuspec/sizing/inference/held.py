"""What stands on the GPU as long as a text model answers: weights, cache, a model that drafts."""

from gpuspec.architectures.parts import TOWERS
from gpuspec.catalog.hub_id import what_makes_known
from gpuspec.engines import Engine
from gpuspec.engines.engine import before
from gpuspec.quantization import find_scheme
from gpuspec.sizing.inference import fixed
from gpuspec.sizing.inference.placement import weights_on_gpu
from gpuspec.sizing.inference.setup import (
    Answering,
    as_kept,
    cache_dtype,
    cache_on_each,
    encodes,
    may_cache_in_8_bit,
    scheme_of,
)
from gpuspec.sizing.inference.whole import beside_share
from gpuspec.sizing.kv import entries, kv_cache, kv_why
from gpuspec.sizing.memory import Part, Unsized
from gpuspec.sizing.shape import Shape, shape_of
from gpuspec.sizing.weights import GIB, Weights, bytes_of, in_scheme, sizable, weights
from gpuspec.workload import Workload

BUFFERS_GIB = 0.05
"""What PyTorch models hold beside the weights in their files, at most: tables of rotary positions, 131,072 × 128 × 2
bytes = 0.03 GiB, and padded vocabularies."""
ROUNDED = 0.01
"""Of a cache, at most: engines round it up to blocks and pages."""


def weights_part(at: Answering) -> Part:
    """The weights of one GPU."""
    workload, shape, scheme, engine, gpus = at.workload, at.shape, at.scheme, at.engine, at.gpus
    size = _filled_up(at, _as_on_disk(workload, shape, loaded_weights(workload, shape, scheme, engine)))
    share = weights_on_gpu(at)
    why = "; ".join(filter(None, [size.why + (f", over {gpus} GPUs" if gpus > 1 else ""), share.why]))
    each = 1 / GIB
    buffers = 0.0 if at.engine.memory.buffers else BUFFERS_GIB
    copies = workload.data_parallel or 1
    if copies > 1 and shape.expert_params and engine.memory.shares_experts:
        held = in_scheme(shape, find_scheme(scheme))
        experts = sum(map(bytes_of, (row for row in held if row.part == "experts"))) / size.expected
        experts = min(experts, 1.0)
        each *= 1 - experts + experts / copies
        why += f"; {experts:.0%} of them are experts, which {copies} copies share"
    beside = beside_share(at)
    if beside.expected > 0.005 * GIB:
        what = "that each holds whole" if gpus > 1 else "of tables for rotary embeddings"
        why += f", and {beside.expected / GIB:.2f} GiB {what}"
    return Part(
        "weights",
        size.low * share.low * each + beside.low / GIB,
        size.expected * share.expected * each + beside.expected / GIB,
        size.high * share.high * each + beside.high / GIB + buffers,
        why,
    )


def _filled_up(at: Answering, size: Weights) -> Weights:
    """With the widths of experts filled up to what the kernels of their scheme work in, which differs by kernel: none
    at least, most often one side of a matrix, at most the other side to half of that as well (Marlin)."""
    shape, model = at.shape, at.workload.model
    pads = at.engine.memory.pads_experts
    held = [row for row in in_scheme(shape, find_scheme(at.scheme)) if row.part == "experts"]
    held = [row for row in held if row.scheme in pads]
    if not held or not model or not model.expert_width:
        return size
    multiple = pads[held[0].scheme]
    one = -(-shape.hidden // multiple) * multiple / shape.hidden - 1
    half = multiple // 2
    both = (1 + one) * -(-model.expert_width // half) * half / model.expert_width - 1
    stored = sum(map(bytes_of, held))
    why = (
        f"{size.why}, experts filled up from {shape.hidden:,} to {(1 + one) * shape.hidden:,.0f}"
        if one
        else size.why
    )
    return Weights(size.low, size.expected + one * stored, size.high + both * stored, why)


def weights_on_host(at: Answering) -> float:
    """GiB of the weights that are known to stay on the host."""
    host = weights_on_gpu(at).host
    if not host:
        return 0.0
    size = _as_on_disk(at.workload, at.shape, loaded_weights(at.workload, at.shape, at.scheme, at.engine))
    return host * size.expected / GIB


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


def cache_part(at: Answering) -> Part:
    """The KV cache of what is asked for, on one GPU."""
    workload, shape, request, gpus = at.workload, at.shape, at.request, at.gpus
    if encodes(workload):
        return Part("KV cache", 0.0, 0.0, 0.0, "an encoder keeps no cache")
    if at.engine.memory.buffers:
        size, why = fixed.cache_on_each(at) / GIB, fixed.cache_why(at)
    else:
        size = cache_on_each(workload, shape, request.context, request.sequences, gpus) / GIB
        why = _cache_why(at, size)
    spread = 0.5 if not shape.exact else 0.25 if shape.why_unsure else 0.0
    least = size * (1 - spread)
    if may_cache_in_8_bit(workload, shape):
        halved = workload._replace(kv_dtype="fp8")
        least = cache_on_each(halved, shape, request.context, request.sequences, gpus) / GIB * (1 - spread)
        why += ", or 1 if its checkpoint says so"
    if workload.engine is None and workload.users is None:  # it may queue: then one sequence must fit
        least /= request.sequences
    return Part("KV cache", least, size, size * (1 + ROUNDED + 2 * spread), why)


def _cache_why(at: Answering, size: float) -> str:
    """The arithmetic of a cache of which each GPU has `size`, GiB."""
    shape, request, dtype = as_kept(at.workload, at.shape), at.request, cache_dtype(at.workload, at.shape)
    places = [entries(cache, request.context) for cache in shape.caches]
    why = kv_why(shape, places, request.sequences, dtype)
    if at.gpus == 1 or not size:
        return why
    if at.workload.context_parallel:
        why += f", its tokens over {at.workload.context_parallel} GPUs"
    shares = kv_cache(shape, request.context, request.sequences, dtype) / GIB / size
    return f"{why} ÷ {shares:.3g}" if round(shares, 2) > 1 else f"{why}, whole on each GPU"


def draft_part(at: Answering) -> list[Part] | Unsized:
    """The model that drafts, with a cache of its own of the same tokens.

    Where it is the model itself, an engine may take only the layers of it that are there to draft."""
    workload, request, gpus = at.workload, at.request, at.gpus
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
