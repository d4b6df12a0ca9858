"""How fast text models are trained: tokens a second of a whole machine, and how many tokens a job asks for.

A step is worked out as it runs: matrix products and attention, kernels that must be launched, weights that are
unpacked, what GPUs send each other, the optimizer. Every floating-point operation is counted: 2 a parameter forward,
4 backward (2 where weights are frozen: no gradients of them), 2 more where activations are computed again
(Kaplan et al. 2020; Korthikanti et al. 2022)."""

from gpuspec.catalog import Gpu
from gpuspec.engines import engine_of
from gpuspec.sizing.memory import Unsized, unknown_scheme
from gpuspec.sizing.shape import Shape, shape_of
from gpuspec.sizing.speed.matmul import matmul_tflops
from gpuspec.sizing.speed.rates import Range, WorkAsked, WorkRate
from gpuspec.sizing.speed.training_step import StepTime, step_time
from gpuspec.sizing.training.setup import TrainingSetup, setup_of
from gpuspec.sizing.training.text import ONLINE
from gpuspec.sizing.weights import sizable
from gpuspec.workload import Workload
from gpuspec.workload.workload import as_one_machine, gpus_together, machines_together


def training_rate(workload: Workload, gpu: Gpu, gpus: int = 1) -> WorkRate | Unsized:
    """Tokens a second of full fine-tuning, LoRA, QLoRA or pretraining of a text model on one machine: of several that
    work together, the part of each."""
    if (workload.algorithm or "").lower() in ONLINE or engine_of(workload.engine).training.generates:
        return Unsized("reinforcement learning generates while it trains; its speed is not known")
    for field in ("method", "sharding"):
        if field in workload.origins and getattr(workload, field) is None and (field == "method" or gpus > 1):
            return Unsized(f"{field} is not known ({workload.origin(field).text})")
    shape = shape_of(workload)
    if isinstance(shape, Unsized):
        return shape
    reached = matmul_tflops(gpu)
    if reached is None:
        return Unsized(f"the TFLOPS of {gpu.name} are not known")
    assumptions: list[str] = []
    machines, each = machines_together(workload, gpus), gpus
    workload, gpus = as_one_machine(workload, gpus), gpus_together(workload, gpus)
    setup = setup_of(workload, shape, gpus, None, assumptions)
    if not sizable(shape, setup.scheme):
        return unknown_scheme(setup.scheme)
    step = step_time(workload, setup, gpu, at_work(workload, gpus), reached=reached, of_a_machine=each)
    why = _why(step, setup, gpu) + (f"; the part of one of {machines} machines" if machines > 1 else "")
    return WorkRate("tokens trained", step.tokens_per_second.times(1 / machines), why, tuple(assumptions))


def at_work(workload: Workload, gpus: int) -> int:
    """GPUs of the machine that work at the same time: all, unless fewer processes were started, or one process lays
    its layers out over them."""
    if (workload.sharding or "").startswith("layers"):
        return 1
    if workload.processes and not workload.tensor_parallel:
        return min(workload.processes, gpus)
    return gpus


def tokens_asked(workload: Workload, gpus: int = 1) -> WorkAsked | None:
    """Tokens that the commands ask for: steps × sequences of a step × tokens; or epochs × examples × tokens. None
    where they do not say. A length is where examples are cut: only packing fills it."""
    shape = shape_of(workload)
    if isinstance(shape, Unsized):
        return None
    each = _tokens_of_a_sequence(workload, shape)
    if workload.steps:
        many = sequences_a_step(workload, gpus)
        why = f"{workload.steps:,} steps × {many:,.0f} sequences × {each.expected:,.0f} tokens"
        return WorkAsked("tokens trained", each.times(workload.steps * many), why)
    if workload.examples and workload.epochs:
        why = f"{workload.epochs:g} epochs × {workload.examples:,} examples × {each.expected:,.0f} tokens"
        return WorkAsked("tokens trained", each.times(workload.epochs * workload.examples), why)
    return None


def sequences_a_step(workload: Workload, gpus: int) -> float:
    """Sequences, or pictures, of one step of the optimizer, on all GPUs of all machines."""
    copies = at_work(workload, gpus) / _gpus_of_a_copy(workload, gpus) * (workload.nodes or 1)
    many = (workload.batch or 1) * (workload.gradient_accumulation or 1) * copies
    return float(workload.global_batch or many)


FILLED = (0.1, 0.4, 1.0)
"""Of the length at which examples are cut, what they fill on average where nothing packs them: chats and instructions
of a few hundred tokens are cut at 1,024 to 4,096 (Alpaca 100–200, OpenAssistant 500, UltraChat 1,200 tokens)."""


def _tokens_of_a_sequence(workload: Workload, shape: Shape) -> Range:
    length = float(workload.sequence or workload.context or min(2048, shape.max_context or 2048))
    if workload.packing:
        return Range(0.9 * length, length, length)
    return Range(*(length * share for share in FILLED))


def _gpus_of_a_copy(workload: Workload, gpus: int) -> int:
    """GPUs that see the same sequences: those of tensor, pipeline and context parallelism."""
    each = (
        (workload.tensor_parallel or 1) * (workload.pipeline_parallel or 1) * (workload.context_parallel or 1)
    )
    return max(min(each, gpus), 1)


def _why(step: StepTime, setup: TrainingSetup, gpu: Gpu) -> str:
    matrices, attention = step.flops
    said = f"{(matrices + attention) / 1e9:,.1f} GFLOP a token ({setup.method}"
    said += ", activations computed again)" if setup.kept.checkpointed else ")"
    said += f" × {setup.tokens:,} tokens a GPU and step; {step.gpus} × {gpu.name} at {step.tflops:,.0f} TFLOPS each"
    parts = sorted(step.parts, key=lambda part: -part[1])
    return said + "; " + ", ".join(f"{name} {100 * share:.0f} %" for name, share in parts if share >= 0.005)
