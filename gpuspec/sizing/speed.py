"""Speed: tokens per second, dollars per million tokens, time to download and to load. Ranges, not promises.

Decoding reads every active weight and the cache once per step, so memory bandwidth bounds it; a prompt is
two floating-point operations per active parameter and token, so arithmetic bounds it (roofline model,
Williams et al. 2009). Bandwidth is derated to 0.8, as NVIDIA's aiconfigurator does.
"""

from typing import NamedTuple

from gpuspec.architectures.parts import TOWERS
from gpuspec.catalog import Gpu
from gpuspec.engines import engine_of
from gpuspec.quantization import find_scheme
from gpuspec.sizing.inference.setup import cache_dtype, scheme_of
from gpuspec.sizing.kv import kv_cache
from gpuspec.sizing.memory import Unsized, unknown_scheme
from gpuspec.sizing.shape import Shape, shape_of
from gpuspec.sizing.weights import bytes_of, in_scheme, sizable
from gpuspec.workload import Workload
from gpuspec.workload.at_once import at_once

BANDWIDTH_SHARE = (0.5, 0.8, 1.0)
"""Of the data sheet's bandwidth: what small batches reach, a good engine, the bound."""
COMPUTE_SHARE = (0.25, 0.5, 0.8)
"""Of the dense TFLOPS: engines reach about half in prefill."""
DOWNLOAD_GBIT = (1.0, 3.0, 10.0)
"""Network of a rented GPU machine, Gbit/s: slow, usual, fast."""
LOAD_GBS = (0.5, 1.5, 5.0)
"""Disk to GPU memory, GB/s: network disk, local NVMe, NVMe with parallel reads."""


class Range(NamedTuple):
    """Low, expected and high of a quantity that cannot be known exactly."""

    low: float
    expected: float
    high: float


class Speed(NamedTuple):
    """`decode` tokens/s of all sequences together; `each` tokens/s one of them sees; `prefill` prompt
    tokens/s. None where the GPU's bandwidth or TFLOPS is not known."""

    decode: Range | None
    each: Range | None
    prefill: Range | None
    why: str
    assumptions: tuple[str, ...]


def speed(workload: Workload, gpu: Gpu, gpus: int = 1) -> Speed | Unsized:
    """How fast a text model can answer on `gpus` of a GPU, with the declared concurrency and context."""
    shape = shape_of(workload)
    if isinstance(shape, Unsized):
        return shape
    scheme = scheme_of(workload, shape)
    if not sizable(shape, scheme):
        return unknown_scheme(scheme)
    defaults = engine_of(workload.engine).default(workload.engine_version, gpu.name, gpu.vram_gib)
    many, context = at_once(workload, defaults).sequences or 1, workload.context or 2048
    read = _read_per_step(shape, scheme, many) + kv_cache(
        shape, context / 2, many, cache_dtype(workload, shape)
    )
    flops = 2 * shape.active
    split = gpus / (workload.pipeline_parallel or 1) if many == 1 else float(gpus)
    computes = find_scheme(scheme).quantizes == "weights and activations"
    tflops = gpu.fp8_tflops if computes and gpu.fp8_tflops else gpu.fp16_tflops
    decode = _decode(gpu.bandwidth_gbs, tflops, read, flops, many, split)
    each = Range(*(value / many for value in decode)) if decode else None
    prefill = None
    if tflops:
        prefill = Range(*(tflops * 1e12 * share * split / flops for share in COMPUTE_SHARE))
    why = f"{read / 1e9:,.1f} GB read per step for {many:,} sequence{'s' * (many != 1)}"
    why += f", {gpu.bandwidth_gbs or 0:,.0f} GB/s × {split:g}" if gpu.bandwidth_gbs else ""
    said = (f"cache half full ({context // 2:,} tokens per sequence)", "0.8 of the bandwidth is reached")
    return Speed(decode, each, prefill, why, said)


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
    bandwidth: float | None, tflops: float | None, read: float, flops: float, many: int, split: float
) -> Range | None:
    if not bandwidth:
        return None
    reached = []
    for i, share in enumerate(BANDWIDTH_SHARE):
        steps = bandwidth * 1e9 * share * split / read
        if tflops:
            steps = min(steps, tflops * 1e12 * COMPUTE_SHARE[i] * split / (flops * many))
        reached.append(steps * many)
    return Range(*reached)


def dollars_per_million(tokens_per_second: Range, price: float) -> Range:
    """$ per million tokens at `price` $/h, were the GPU busy all the time."""
    low, expected, high = (price / 3600 / rate * 1e6 for rate in tokens_per_second)
    return Range(high, expected, low)


def download_seconds(gigabytes: float) -> Range:
    """Seconds to fetch a model over 10, 3 or 1 Gbit/s."""
    slow, usual, fast = (gigabytes * 8 / rate for rate in DOWNLOAD_GBIT)
    return Range(fast, usual, slow)


def load_seconds(gigabytes: float) -> Range:
    """Seconds to bring a model from disk to the GPU, and 5–20 s for the engine to start."""
    slow, usual, fast = (gigabytes / rate for rate in LOAD_GBS)
    return Range(fast + 5, usual + 10, slow + 20)
