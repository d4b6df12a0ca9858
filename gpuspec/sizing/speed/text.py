"""How fast a text model answers: tokens a second. A step writes one of each sequence, as long as `step.py` says."""

from gpuspec.catalog import Gpu
from gpuspec.engines import FOR_GGUF, engine_of
from gpuspec.sizing.inference.setup import DEFAULT_CONTEXT, text_model
from gpuspec.sizing.memory import Unsized
from gpuspec.sizing.speed.deployment import Deployment
from gpuspec.sizing.speed.rates import Range, Speed, StepPart
from gpuspec.sizing.speed.step import step_parts, step_seconds
from gpuspec.workload import Workload
from gpuspec.workload.at_once import at_once


def speed(workload: Workload, gpu: Gpu, gpus: int = 1, *, cached: float | None = None) -> Speed | Unsized:
    """How fast a text model can answer on `gpus` of a GPU, with the declared concurrency and context.

    `cached`: tokens in the cache of each sequence on average (None: half of its context)."""
    model = text_model(workload)
    if isinstance(model, Unsized):
        return model
    # Where nobody names the engine, it may be any: plain PyTorch is what memory assumes, the slowest of them.
    engine = model.engine if workload.engine or model.engine.name == FOR_GGUF else engine_of(None)
    defaults = engine.default(workload.engine_version, gpu.name, gpu.vram_gib)
    many, context = at_once(workload, defaults).sequences or 1, workload.context or DEFAULT_CONTEXT
    at = Deployment(
        workload,
        model.shape,
        model.scheme,
        engine,
        gpu,
        gpus=gpus,
        sequences=many,
        cached=context / 2 if cached is None else cached,
    )
    said = (f"cache half full ({context // 2:,} tokens per sequence)",) if cached is None else ()
    if not gpu.bandwidth_gbs:
        return Speed(None, None, None, "", said, sequences=many)
    parts = step_parts(at)
    step = step_seconds(parts)
    return Speed(
        step.inverse().times(many),
        step.inverse(),
        None,
        _why(parts, step, many),
        said,
        sequences=many,
        parts=parts,
    )


def _why(parts: tuple[StepPart, ...], step: Range, many: int) -> str:
    """The arithmetic in words: what takes a hundredth of the step at least."""
    told = [part for part in parts if part.seconds.expected >= 0.01 * step.expected]
    terms = " + ".join(f"{part.name} {part.seconds.expected * 1e3:,.1f}" for part in told)
    of = f" of {many:,} sequences" if many != 1 else ""
    return f"a step{of}: {terms} = {step.expected * 1e3:,.1f} ms"
