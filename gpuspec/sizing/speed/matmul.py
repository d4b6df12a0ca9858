"""What a GPU reaches of its data sheet's TFLOPS in large matrix products."""

from collections.abc import Collection

from gpuspec.architectures.parts import StoredWeights
from gpuspec.catalog import Gpu
from gpuspec.quantization import find_scheme
from gpuspec.sizing.speed.rates import Range

BEST_SHARE = {"8.0": 0.87, "9.": 0.80, "10.": 0.77}
"""Beginning of a compute capability → share of its 16-bit TFLOPS that the best matrix product reaches.
Source: S. Bekman, ml-engineering, compute/accelerator/benchmarks, "Maximum Achievable Matmul FLOPS" (2025): A100 SXM
271.2 of 312, H100 SXM 794.5 of 989, B200 1745 of 2250."""
OTHER_BEST = 0.92
"""Of all others. GeForce cards, whose TFLOPS are halved (32-bit sums), keep them up: RTX 4090 157 of 165, RTX 3090 66
of 71 (neuralinternet/SN27-opencompute, config.yaml, GPU_TFLOPS_FP16, 2026-11)."""
AMD_BEST = 0.56
"""MI300X 736 of 1307, as for `BEST_SHARE`."""
PER_WATT = {"8.0": 0.85, "8.9": 0.7, "9.": 1.05, "10.": 1.75}
OTHER_PER_WATT = 0.6
"""TFLOPS that a watt of the power limit keeps up: A100 PCIe 253 at 300 W, H100 PCIe 330–370 at 350 W, B200 1745 at
1000 W; L4 51 at 72 W, L40S 171 at 350 W (the sources above), though FLUX.1 in the set diffusers/benchmarks asks for
more than 200 of an L40S. It is what holds back cards whose data sheet states more than they can cool: L4, L40S, RTX
6000 Ada, A10, T4, H100 PCIe."""
SPREAD = (0.85, 1.0, 1.1)
"""Times what is expected. Assumed: cards of one name differ in clocks and cooling."""
UNKNOWN_POWER = (0.6, 0.85, 1.0)
"""Of the best, where a GPU's power limit is not known. Assumed."""

FP32_SHARE = (0.06, 0.2, 0.5)
"""Speed of 32-bit products for that of 16-bit ones: without tensor cores, and as TF32."""


def matmul_tflops(gpu: Gpu) -> Range | None:
    """TFLOPS of large 16-bit matrix products with 32-bit sums; None where the data sheet's are not known."""
    if not gpu.fp16_tflops:
        return None
    best = gpu.fp16_tflops * _of_generation(gpu, BEST_SHARE, AMD_BEST if gpu.vendor == "amd" else OTHER_BEST)
    if gpu.vendor != "nvidia" or not gpu.tdp_w:
        return Range(*(best * share for share in (SPREAD if gpu.vendor != "nvidia" else UNKNOWN_POWER)))
    kept = min(best, gpu.tdp_w * _of_generation(gpu, PER_WATT, OTHER_PER_WATT))
    low, expected, high = (kept * share for share in SPREAD)
    return Range(low, expected, max(min(high, gpu.fp16_tflops), expected))


def peak_tflops(row: StoredWeights, gpu: Gpu, weights_only: Collection[str]) -> float:
    """TFLOPS of the data sheet, in the precision that these weights are computed in: 16 bit, unless activations are
    quantized too and the GPU computes in 8 or 4 bit. `weights_only`: schemes whose arithmetic the engine leaves
    unused. 0 where the 16-bit ones are not known."""
    half, scheme = gpu.fp16_tflops or 0.0, find_scheme(row.scheme)
    if row.bits >= 16 or scheme.name in weights_only:
        return half
    if scheme.quantizes == "weights and activations" and gpu.fp8:
        return gpu.fp8_tflops or 2 * half
    if scheme.native_capability >= 10 and gpu.fp4:
        return gpu.fp4_tflops or 4 * half
    return half


def _of_generation(gpu: Gpu, table: dict[str, float], otherwise: float) -> float:
    capability = gpu.compute_capability or ""
    if gpu.vendor != "nvidia":
        return otherwise
    found = max((start for start in table if capability.startswith(start)), key=len, default=None)
    return table[found] if found else otherwise
