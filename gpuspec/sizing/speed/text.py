"""How fast a text model answers: tokens a second. A step writes one of each sequence, as long as `step.py` says."""

import re

from gpuspec.catalog import Gpu
from gpuspec.engines import FOR_GGUF, engine_of
from gpuspec.sizing.inference.setup import DEFAULT_CONTEXT, text_model
from gpuspec.sizing.memory import Unsized
from gpuspec.sizing.shape import Shape
from gpuspec.sizing.speed.deployment import Deployment
from gpuspec.sizing.speed.rates import Range, Speed, StepPart
from gpuspec.sizing.speed.step import step_parts, step_seconds
from gpuspec.workload import Workload
from gpuspec.workload.at_once import at_once

BY_DIFFUSION = re.compile(r"(?<!stable-)diffusion|\bllada|\bdream-v\d", re.IGNORECASE)
"""Names of language models that write by diffusion: many tokens in a step, as many as the text allows."""


def speed(workload: Workload, gpu: Gpu, gpus: int = 1, *, cached: float | None = None) -> Speed | Unsized:
    """How fast a text model can answer on `gpus` of a GPU, with the declared concurrency and context.

    `cached`: tokens in the cache of each sequence on average (None: half of its context)."""
    model = text_model(workload)
    if isinstance(model, Unsized):
        return model
    if why := _otherwise(workload, model.shape):
        return Unsized(why)
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


def _otherwise(workload: Workload, shape: Shape) -> str:
    """Why a step of it is not one token through the weights that are known of it; "" where it is."""
    if BY_DIFFUSION.search(workload.model_name or ""):
        return "it writes by diffusion: how many tokens in a step depends on the text"
    if workload.experts_on_host and not shape.experts_used:
        return "its flags say that it is a mixture, and how much of it a token passes is not known"
    return ""


def _why(parts: tuple[StepPart, ...], step: Range, many: int) -> str:
    """The arithmetic in words: what takes a hundredth of the step at least."""
    told = [part for part in parts if part.seconds.expected >= 0.01 * step.expected]
    terms = " + ".join(f"{part.name} {part.seconds.expected * 1e3:,.1f}" for part in told)
    of = f" of {many:,} sequences" if many != 1 else ""
    return f"a step{of}: {terms} = {step.expected * 1e3:,.1f} ms"
