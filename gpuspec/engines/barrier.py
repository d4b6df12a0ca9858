"""What keeps a job from starting on a GPU, by engine: as their sources and documentation have it."""

from gpuspec.named_tuple import NamedTuple


class Barrier(NamedTuple):
    """An engine does not start a job on GPUs below a compute capability."""

    what: str
    """What it lacks there, in words: "FP8 arithmetic, as SGLang needs it for experts"; its own name where it has no
    kernels for older GPUs at all."""
    least: float
    """The compute capability from which it starts."""
    scheme: str = ""
    """Of weights in this scheme; "": whatever they are in."""
    experts: bool = False
    """Of mixtures of experts alone."""
    dtype: str = ""
    """Where this dtype is asked for."""
    before: tuple[int, ...] | None = None
    """In stated versions before this; None: in all."""
    since: tuple[int, ...] | None = None
    """In stated versions from this on; None: in all."""
    instead: str = "take another engine"
    """What to do on an older GPU."""


class TagGpus(NamedTuple):
    """The GPUs for which the images of an engine are built whose tag looks like a pattern."""

    tag: str
    """Regular expression that finds it in the tag, or behind the + of a wheel's version."""
    least: float
    most: float
    """Compute capabilities."""
    what: str = "kernels"
    """What is built for these alone."""


VLLM = (
    # platforms/cuda.py, check_if_supports_dtype, and before it worker.py (vllm#946, #1157)
    Barrier("BF16", 8.0, dtype="bf16", instead='use "fp16"'),
    # Marlin for FP8 on Ampere (vllm#5975), on Turing since vllm#29901 of January 2026; its docs on quantization
    Barrier("kernels for FP8 weights", 8.0, scheme="fp8", before=(0, 14), instead="use AWQ or GPTQ"),
    Barrier("kernels for FP8 weights", 7.5, scheme="fp8", instead="use GPTQ"),
    # its installation pages: 7.0 up to 0.14, 7.5 in 0.21
    Barrier("vLLM", 7.0),
    Barrier("vLLM from 0.21 on", 7.5, since=(0, 21), instead="take an older version"),
)
VLLM_TAGS = (
    # "Sinks are only supported in FlashAttention 3" (vllm#22331), and in TRT-LLM's kernels; 0.10.1 has Triton's.
    TagGpus("gptoss", 9.0, 10.3, "attention sinks"),
)
SGLANG = (
    # SGLang 0.5.5 model_executor/model_runner.py, load_model: "only supports sm75 and above", and FP16 below 8.0
    Barrier("SGLang", 7.5),
    Barrier(
        "kernels for FP8 weights in SGLang", 8.0, scheme="fp8", instead="use AWQ or GPTQ"
    ),  # get_min_capability
    # Its Marlin kernels for FP8 are those of linear layers: SGLang 0.5.10 layers/quantization/fp8.py
    # (can_auto_enable_marlin_fp8, Fp8MoEMethod), sglang#5871, sglang#12887
    Barrier(
        "FP8 arithmetic, as SGLang needs it for experts",
        8.9,
        scheme="fp8",
        experts=True,
        instead="use AWQ, GPTQ or an engine that unpacks FP8",
    ),
)
TEI = (
    TagGpus(r"^turing-", 7.5, 7.5),
    TagGpus(r"^86-", 8.6, 8.9),
    TagGpus(r"^89-", 8.9, 8.9),
    TagGpus(r"^hopper-", 9.0, 9.0),
    TagGpus(r"^100-", 10.0, 10.3),
    TagGpus(r"^120-", 12.0, 12.1),
    TagGpus(r"^(?:v?\d+(?:\.\d+)+|latest)$", 8.0, 8.9),
)
"""What TEI's images are compiled for, each for GPUs of one compute capability and those that take its code: its
README, "Docker images"; backends/candle/src/compute_cap.rs; TEI#15, #30, #640, #806 (1.8). November 2026."""
