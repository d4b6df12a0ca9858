"""Memory of a text model that answers."""

from gpuspec.catalog import Gpu
from gpuspec.engines import Engine
from gpuspec.sizing.inference import fixed, library, server
from gpuspec.sizing.inference.held import cache_part, draft_part, weights_on_host, weights_part
from gpuspec.sizing.inference.pictures import has_encoder_pass
from gpuspec.sizing.inference.served_adapters import adapter_slots
from gpuspec.sizing.inference.setup import (
    Answering,
    cache_dtype,
    encodes,
    may_cache_in_8_bit,
    requested,
    text_model,
)
from gpuspec.sizing.kv import kv_bytes
from gpuspec.sizing.memory import Confidence, Need, Phase, Unsized, confidence
from gpuspec.sizing.runtime import runtime, vision_tower
from gpuspec.sizing.shape import Shape
from gpuspec.workload import Workload


def inference(
    workload: Workload, gpus: int, *, gpu: Gpu | None = None, prompt: int | None = None
) -> Need | Unsized:
    """Need of a language or embedding model that serves or processes in batch.

    An engine may do other things on GPUs of more memory. Where no GPU is said, it is one that has room for it."""
    model = text_model(workload)
    if isinstance(model, Unsized):
        return model
    shape, scheme, engine = model
    assumptions: list[str] = []
    defaults = engine.default(workload.engine_version, gpu.name if gpu else "", gpu.vram_gib if gpu else 0.0)
    at = Answering(
        workload,
        shape,
        scheme,
        engine,
        defaults=defaults,
        request=requested(workload, shape, engine, defaults, prompt, assumptions),
        gpus=gpus,
    )
    found = _need(at, assumptions)
    if gpu is not None:
        return found
    for least in sorted({each.from_gib for each in engine.defaults} - {0.0}):
        if isinstance(found, Unsized) or found.expected < least:
            break
        found = _need(at._replace(defaults=engine.default(workload.engine_version, gib=least)), assumptions)
    return found


def _need(at: Answering, assumptions: list[str]) -> Need | Unsized:
    workload, shape, engine = at.workload, at.shape, at.engine
    draft = draft_part(at)
    if isinstance(draft, Unsized):
        return draft
    held = [weights_part(at), cache_part(at), *draft, *adapter_slots(at)]
    if not (workload.text_only or has_encoder_pass(at)):
        held.extend(vision_tower(workload.model, training=False))
    buffers = engine.memory.buffers
    phases = (fixed if buffers else server if engine.memory.queues else library).phases(at, held)
    process = runtime(engine.memory.context, engine.memory.workspace, 1 if buffers else at.gpus)
    phases = tuple(phase._replace(parts=(*phase.parts, *process)) for phase in phases)
    return Need(
        phases,
        at.gpus,
        engine.name,
        tuple(_said(workload, shape, engine) + assumptions),
        _confidence(at, phases),
        at.request.sequences,
        on_host=weights_on_host(at),
        engine_version=workload.engine_version,
    )


def _said(workload: Workload, shape: Shape, engine: Engine) -> list[str]:
    said = []
    if workload.kv_dtype is None and not encodes(workload):
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


def _confidence(at: Answering, phases: tuple[Phase, ...]) -> Confidence:
    workload, shape = at.workload, at.shape
    queued = workload.engine is None and workload.users is None and (workload.concurrency or 1) > 1
    again = workload.draft is not None and workload.draft.model_name == workload.model_name
    sure = shape.sure and not again and not may_cache_in_8_bit(workload, shape)
    return confidence(phases, known=shape.exact and not queued, counted=sure and at.engine.memory.counted)
