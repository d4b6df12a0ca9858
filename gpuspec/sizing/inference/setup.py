"""What a text model is asked to answer, with its defaults settled."""

from gpuspec.catalog.model_task import READS
from gpuspec.engines import ASSUMED, FOR_GGUF, Engine, engine_of
from gpuspec.engines.engine import Defaults, before
from gpuspec.named_tuple import NamedTuple
from gpuspec.quantization import DTYPE_BITS, find_scheme
from gpuspec.quantization.checkpoint_names import split_quantization
from gpuspec.sizing.kv import kv_cache
from gpuspec.sizing.memory import Unsized, unknown_scheme
from gpuspec.sizing.shape import Shape, shape_of
from gpuspec.sizing.weights import sizable
from gpuspec.workload import Workload
from gpuspec.workload.at_once import at_once

DEFAULT_CONTEXT = 4096


class CacheRequest(NamedTuple):
    """What the cache must hold: tokens per sequence, of which `prompt` come at once and `generated` one by
    one (where nobody said, either may be all of them); sequences."""

    context: int
    prompt: int
    generated: int
    sequences: int


class Answering(NamedTuple):
    """A workload that answers: the engine, what it does by default on this GPU, and how many GPUs share one copy."""

    workload: Workload
    shape: Shape
    scheme: str
    engine: Engine
    defaults: Defaults
    request: CacheRequest
    gpus: int


def scheme_of(workload: Workload, shape: Shape | None = None) -> str:
    """The scheme the weights are kept in: what was asked for, else the checkpoint's own, else 16 bit."""
    if workload.quantization:
        return workload.quantization
    native = shape.native if shape else None
    if native and native not in DTYPE_BITS and workload.dtype in (None, "fp32", "bf16", "fp16"):
        return native
    return workload.dtype or "bf16"


class TextModel(NamedTuple):
    """The model of a workload, the scheme its weights are in, and the engine that runs it."""

    shape: Shape
    scheme: str
    engine: Engine


def text_model(workload: Workload) -> TextModel | Unsized:
    """The text model of a workload, where its size is known in its scheme. Where no engine is named: llama.cpp for
    GGUF files, else plain PyTorch."""
    shape = shape_of(workload)
    if isinstance(shape, Unsized):
        return shape
    scheme = scheme_of(workload, shape)
    if not sizable(shape, scheme):
        return unknown_scheme(scheme)
    named = workload.engine or (FOR_GGUF if find_scheme(scheme).family == "GGUF" else ASSUMED)
    return TextModel(shape, scheme, engine_of(named))


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


def tensor_of(workload: Workload, gpus: int) -> int:
    """GPUs that each layer is divided over. Servers divide layers unless told to put them one after another."""
    pipeline = min(workload.pipeline_parallel or 1, gpus)
    divides = workload.tensor_parallel or engine_of(workload.engine or ASSUMED).memory.queues
    return max(gpus // pipeline, 1) if divides else 1


def cache_on_each(workload: Workload, shape: Shape, context: float, sequences: float, gpus: int) -> float:
    """Bytes of cache on each GPU.

    Pipelines divide the layers, and so do engines that spread a model without being told how; tensor parallelism
    divides the KV heads, context parallelism the tokens (vLLM 0.33 v1/kv_cache_interface.py, `dcp_sharded`)."""
    pipeline = min(workload.pipeline_parallel or 1, gpus)
    within = max(gpus // pipeline, 1)
    tensor = tensor_of(workload, gpus)
    tokens = context / min(workload.context_parallel or 1, within)
    size = kv_cache(as_kept(workload, shape), tokens, sequences, cache_dtype(workload, shape), tensor=tensor)
    return size / (pipeline if tensor > 1 else pipeline * within)


def as_kept(workload: Workload, shape: Shape) -> Shape:
    """The shape with windows that the engine heeds. Where only some layers have one, it may keep all of the text in
    every layer: in versions that give all layers the same room, or because it was told to."""
    kinds = {cache.window > 0 for cache in shape.caches if cache.width}
    old = before(workload.engine_version, engine_of(workload.engine or ASSUMED).memory.windows_since)
    if len(kinds) < 2 or not (workload.whole_windows or old):
        return shape
    return shape._replace(caches=tuple(cache._replace(window=0) for cache in shape.caches))


def encodes(workload: Workload) -> bool:
    """Whether the model reads a text once and writes none: nothing is cached, and that pass is the peak."""
    task = workload.model.task if workload.model else None
    return workload.modality in ("embedding", "text-embedding") or task in READS


def requested(
    workload: Workload,
    shape: Shape,
    engine: Engine,
    defaults: Defaults,
    prompt: int | None,
    assumptions: list[str],
) -> CacheRequest:
    """What the cache must hold; adds to `assumptions` what nobody said."""
    context = workload.context
    if context is None:
        usual = defaults.context or DEFAULT_CONTEXT
        context = min(shape.max_context or usual, usual)
        whose = f", {engine.called}'s default" if defaults.context else ""
        assumptions.append(f"{context:,} tokens per sequence{whose}, since no context was given")
    sequences = _sequences(workload, engine, defaults, assumptions)
    if prompt is None:
        return CacheRequest(context, context, context, sequences)
    return CacheRequest(context, min(prompt, context), context - min(prompt, context), sequences)


def _sequences(workload: Workload, engine: Engine, defaults: Defaults, assumptions: list[str]) -> int:
    """How many sequences must lie in the cache of one copy: all that users want served at once; else those declared,
    of which one does for an engine that queues."""
    many, waiting, limit = at_once(workload, defaults)
    sequences = many or 1
    if waiting:
        assumptions.append(
            f"{sequences:,} of {workload.users:,} users served at once, the others wait: the server takes {limit}"
        )
    if workload.users is not None:
        if (
            defaults.shares_cache
            and defaults.batch
            and not workload.concurrency
            and sequences > defaults.batch
        ):
            flag = engine.flag("concurrency")
            assumptions.append(
                f"{engine.called} lets in {defaults.batch} at once unless {flag} says otherwise"
            )
        return -(-sequences // (workload.data_parallel or 1))
    if workload.engine is None and sequences > 1:
        assumptions.append(f"{sequences} sequences at once, or one after another: name the engine to know")
    if engine.memory.queues and sequences > 1:
        assumptions.append(f"{engine.name} queues: one sequence must fit, {sequences:,} decide speed")
        return 1
    return sequences
