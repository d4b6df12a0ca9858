"""How fast a text model answers: tokens a second.

Decoding reads every active weight and the cache once per step, so memory bandwidth bounds it; a prompt is
two floating-point operations per active parameter and token, so arithmetic bounds it (roofline model,
Williams et al. 2009). Bandwidth is derated to 0.8, as NVIDIA's aiconfigurator does.
"""

from gpuspec.architectures.parts import TOWERS
from gpuspec.catalog import Gpu
from gpuspec.engines import engine_of
from gpuspec.engines.pace import Pace
from gpuspec.quantization import find_scheme
from gpuspec.sizing.inference.setup import cache_dtype, scheme_of
from gpuspec.sizing.kv import kv_cache
from gpuspec.sizing.memory import Unsized, unknown_scheme
from gpuspec.sizing.shape import Shape, shape_of
from gpuspec.sizing.speed.rates import Range, Speed
from gpuspec.sizing.weights import bytes_of, in_scheme, sizable
from gpuspec.workload import Workload
from gpuspec.workload.at_once import at_once


def speed(workload: Workload, gpu: Gpu, gpus: int = 1) -> Speed | Unsized:
    """How fast a text model can answer on `gpus` of a GPU, with the declared concurrency and context."""
    shape = shape_of(workload)
    if isinstance(shape, Unsized):
        return shape
    scheme = scheme_of(workload, shape)
    if not sizable(shape, scheme):
        return unknown_scheme(scheme)
    engine = engine_of(workload.engine)
    defaults = engine.default(workload.engine_version, gpu.name, gpu.vram_gib)
    many, context = at_once(workload, defaults).sequences or 1, workload.context or 2048
    read = _read_per_step(shape, scheme, many) + kv_cache(
        shape, context / 2, many, cache_dtype(workload, shape)
    )
    flops = 2 * shape.active
    split = gpus / (workload.pipeline_parallel or 1) if many == 1 else float(gpus)
    computes = find_scheme(scheme).quantizes == "weights and activations"
    tflops = gpu.fp8_tflops if computes and gpu.fp8_tflops else gpu.fp16_tflops
    decode = _decode(gpu.bandwidth_gbs, tflops, engine.pace, read=read, flops=flops, many=many, split=split)
    each = Range(*(value / many for value in decode)) if decode else None
    prefill = None
    if tflops:
        prefill = Range(*(tflops * 1e12 * share * split / flops for share in engine.pace.compute))
    why = f"{read / 1e9:,.1f} GB read per step for {many:,} sequence{'s' * (many != 1)}"
    why += f", {gpu.bandwidth_gbs or 0:,.0f} GB/s × {split:g}" if gpu.bandwidth_gbs else ""
    said = (f"cache half full ({context // 2:,} tokens per sequence)", "0.8 of the bandwidth is reached")
    return Speed(decode, each, prefill, why, said, sequences=many)


def _read_per_step(shape: Shape, scheme: str, many: int) -> float:
    """Bytes of weights one decoding step reads: in a mixture of experts, the experts that `many` sequences choose
    between them, at most all of them. The input embedding is looked up, not read, unless it is the head as well;
    encoders of pictures and sound rest."""
    read = 0.0
    for row in in_scheme(shape, find_scheme(scheme)):
        if row.part in TOWERS or not row.parameters:
            continue
        if row.part == "embedding":
            head = shape.vocab * shape.hidden if shape.tied else 0.0
            read += bytes_of(row) * min(head / row.parameters, 1.0)
        else:
            read += bytes_of(row) * (1 - (1 - row.active / row.parameters) ** many)
    return read


def _decode(
    bandwidth: float | None,
    tflops: float | None,
    pace: Pace,
    *,
    read: float,
    flops: float,
    many: int,
    split: float,
) -> Range | None:
    if not bandwidth:
        return None
    reached = []
    for i, share in enumerate(pace.bandwidth):
        steps = bandwidth * 1e9 * share * split / read
        if tflops:
            steps = min(steps, tflops * 1e12 * pace.compute[i] * split / (flops * many))
        reached.append(steps * many)
    return Range(*reached)
