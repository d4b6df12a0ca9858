"""Memory of training a text model: weights, gradients, optimizer, adapters, activations, logits."""

from __future__ import annotations

from typing import NamedTuple

from gpuspec.catalog import Gpu
from gpuspec.engines import USUAL_TRAINER, Engine, engine_of
from gpuspec.engines.engine import TORCH, Range
from gpuspec.quantization import bits_of, find_scheme
from gpuspec.sizing.memory import Need, Part, Phase, Unsized, unknown_scheme
from gpuspec.sizing.runtime import runtime, vision_tower
from gpuspec.sizing.shape import Shape, shape_of
from gpuspec.sizing.training import backward
from gpuspec.sizing.training.adapters import adapter_params
from gpuspec.sizing.training.optimizers import States, states_of
from gpuspec.sizing.weights import GIB, sizable, weights
from gpuspec.workload import Workload

DEFAULT_SEQUENCE = 2048
DEFAULT_RANK = 16
BUCKETS_GIB = {"full": 2.3, "adapters": 0.5}
"""DeepSpeed's flat buffers to reduce and gather (5·10⁸ elements each by default), with the step's own."""
ONLINE = ("ppo", "grpo", "rloo", "gae", "remax", "dapo", "online_dpo", "reinforce_plus_plus")
"""Methods that generate while they train: memory depends on the engine that does it, and on its share."""
TWO_MODELS = ("dpo", "kto", "gkd")
"""Methods that keep a reference (or teacher) beside the model. ORPO and SimPO do not."""
TWO_ANSWERS = ("dpo", "orpo", "kto", "simpo", "cpo")
"""Methods whose batch holds a chosen and a rejected answer for each prompt."""


class TrainingSetup(NamedTuple):
    """A training workload with its defaults settled. `split` is over how many GPUs weights, gradients and
    optimizer state are divided."""

    shape: Shape
    method: str
    scheme: str
    engine: Engine
    states: States
    sequence: int
    batch: int
    rank: int
    targets: str
    kept: backward.Kept
    split: tuple[float, float, float]
    zero: bool
    on_host: bool


def training(
    workload: Workload, gpus: int, *, gpu: Gpu | None = None, trainable: float | None = None
) -> Need | Unsized:
    """Need of full fine-tuning, LoRA or QLoRA of a text model.

    `trainable`: parameters of the adapters where they were counted (None: from the rank)."""
    if (workload.algorithm or "").lower() in ONLINE or engine_of(workload.engine).training.generates:
        return Unsized(
            "reinforcement learning holds an engine that generates, and further models, beside the one"
        )
    for field in ("optimizer", "batch", "sequence", "method", "cpu_offload"):
        if field in workload.origins and getattr(workload, field) is None:
            return Unsized(f"{field} is not known ({workload.origin(field).text})")
    shape = shape_of(workload)
    if isinstance(shape, Unsized):
        return shape
    assumptions: list[str] = []
    setup = _setup(workload, shape, gpus, trainable, assumptions)
    if not sizable(shape, setup.scheme):
        return unknown_scheme(setup.scheme)
    passing = _activations(workload, setup)
    if setup.method == "full":
        parts = _full(workload, setup, passing)
    else:
        parts = _adapted(setup, trainable)
    parts.extend(passing)
    parts.extend(vision_tower(workload.model, training=True))
    if setup.split[0] > 1 or setup.on_host:
        parts.append(_gathered(setup))
    parts.extend(runtime(TORCH, _workspace(setup), gpus))
    held = sum(part.expected for part in passing)
    parts.append(
        Part(
            "fragmentation", 0.0, 0.04 * held, 0.12 * held, "4 % of what comes and goes each step", "reserved"
        )
    )
    phases = (Phase("step", tuple(parts)),)
    return Need(phases, gpus, setup.engine.name, tuple(assumptions), "medium" if shape.exact else "low")


def _setup(
    workload: Workload, shape: Shape, gpus: int, trainable: float | None, assumptions: list[str]
) -> TrainingSetup:
    engine = engine_of(workload.engine or USUAL_TRAINER)
    method = (workload.method or ("qlora" if find_scheme(workload.quantization).frozen else "full")).lower()
    if workload.method is None and method == "full":
        assumptions.append("full fine-tuning, since no method was given")
    scheme = workload.quantization or (workload.dtype if method == "lora" else None) or "bf16"
    if method == "qlora" and scheme in ("bf16", "nf4"):
        scheme = engine.training.four_bit
    sequence = workload.sequence or workload.context
    if sequence is None:
        sequence = min(DEFAULT_SEQUENCE, shape.max_context or DEFAULT_SEQUENCE)
        assumptions.append(f"{sequence:,} tokens per sequence, since no length was given")
    if workload.batch is None:
        assumptions.append("one sequence per step and GPU, since no batch was given")
    states = states_of(workload, engine.training)
    if method == "full":
        assumptions.append(states.why)
    rank = workload.lora_rank or DEFAULT_RANK
    targets = _targets(shape, method, engine, trainable)
    kept = _kept(workload, method, scheme, engine, targets, assumptions)
    split, zero = _split(workload, gpus, assumptions)
    host = workload.cpu_offload in ("cpu", "params") or (workload.sharding or "") == "fsdp-offload"
    batch = workload.batch or 1
    return TrainingSetup(
        shape, method, scheme, engine, states, sequence, batch, rank, targets, kept, split, zero, host
    )


def _targets(shape: Shape, method: str, engine: Engine, trainable: float | None) -> str:
    """Which matrices carry adapters: all linear ones in QLoRA, as its paper has it.

    A count of trainable parameters that fits rank 8 there says query and value too."""
    if trainable:
        return "qv" if trainable < 0.5 * adapter_params(shape, 8, "all") else "all"
    return engine.training.adapts if method == "lora" else "all"


def _kept(
    workload: Workload, method: str, scheme: str, engine: Engine, targets: str, assumptions: list[str]
) -> backward.Kept:
    checkpointed = workload.gradient_checkpointing
    if checkpointed is None:
        checkpointed = True
        assumptions.append("gradient checkpointing on, since nothing was said")
    quantized = (bits_of(scheme) or 16) < 16
    return backward.Kept(
        checkpointed=checkpointed,
        inputs=method == "full" or targets == "all" or quantized,
        dropout=method != "full" and targets == "all" and engine.training.dropout,
        compiled=engine.training.compiled and workload.fused_loss is not False,
        offloaded=workload.cpu_offload == "activations" or (engine.training.offloads and checkpointed),
    )


def _split(workload: Workload, gpus: int, assumptions: list[str]) -> tuple[tuple[float, float, float], bool]:
    """Over how many GPUs weights, gradients and optimizer state are divided; whether DeepSpeed does it.

    Source: Rajbhandari et al., ZeRO (stage 1 divides the optimizer, 2 also gradients, 3 also weights)."""
    sharding = (workload.sharding or "").lower()
    if gpus > 1 and not sharding:
        assumptions.append(f"state divided over {gpus} GPUs (FSDP or ZeRO-3), since nothing was said")
    n = float(gpus)
    zero = sharding.startswith("zero")
    if sharding.startswith("zero1"):
        return (1, 1, n), zero
    if sharding.startswith("zero2"):
        return (1, n, n), zero
    if sharding.startswith(("ddp", "none", "no")):
        return (1, 1, 1), zero
    return (n, n, n), zero


def _full(workload: Workload, setup: TrainingSetup, passing: list[Part]) -> list[Part]:
    """Weights, gradients and optimizer state. Gradients appear while activations go, so only what they
    exceed the activations by is added, unless they are kept over several steps."""
    by_weights, by_gradients, by_optimizer = setup.split
    host = (
        setup.on_host or (workload.sharding or "").endswith("offload") or workload.cpu_offload == "optimizer"
    )
    params, state = setup.shape.params / GIB, setup.states
    billions = f"{setup.shape.params / 1e9:.3f} B parameters"
    size = 0.0 if setup.on_host else params * state.weights / by_weights
    parts = [
        Part("weights", size, size, size * 1.02, f"{billions} × {state.weights:g} bytes ÷ {by_weights:g}")
    ]
    whole = params * (state.gradients / by_gradients + state.step / by_optimizer)
    whole = 0.0 if setup.on_host else whole
    coming = sum(part.expected for part in passing)
    more = whole if (workload.gradient_accumulation or 1) > 1 and not setup.zero else max(whole - coming, 0.0)
    why = f"{billions} × {state.gradients + state.step:g} bytes ÷ {by_gradients:g}"
    why += ", less the activations they take the place of" if more < whole else ""
    parts.append(Part("gradients", 0.5 * more, more, whole * 1.05, why))
    size = 0.0 if host else params * state.optimizer / by_optimizer
    low = 0.0 if host else params * state.optimizer_low / by_optimizer
    why = f"{billions} × {state.optimizer:g} bytes ÷ {by_optimizer:g}" + (", on the host" if host else "")
    parts.append(Part("optimizer", low, size, size * 1.05, why))
    if (workload.algorithm or "").lower() in TWO_MODELS:
        size = params * 2 / by_weights
        why = f"{workload.algorithm} keeps a frozen copy in 16 bit"
        parts.append(Part("reference model", size, size, size * 1.02, why))
    return parts


def _adapted(setup: TrainingSetup, trainable: float | None) -> list[Part]:
    shape, by_weights = setup.shape, setup.split[0]
    size = weights(shape, setup.scheme, untied_head=setup.engine.memory.never_ties)
    quantized = (bits_of(setup.scheme) or 16) < 16
    prepared = setup.engine.training.peft and not find_scheme(setup.scheme).calibrated
    upcast = 2 * shape.embedding if quantized and prepared else 0.0
    scale = by_weights * GIB
    if setup.on_host:
        # FSDP's CPU offload keeps every shard on the host; what the GPU holds are the gathered layers.
        size = size._replace(low=0.0, expected=0.0, why=size.why + ", on the host")
    parts = [Part("weights", size.low / scale, size.expected / scale, size.high / scale, size.why)]
    if upcast:
        why = "embeddings kept in 32 bit (PEFT's preparation of quantized models)"
        parts.append(Part("32-bit embeddings", 0.0, upcast / scale, upcast / scale, why))
    if quantized:
        unpacked = 2 * shape.largest_matrix / GIB
        parts.append(
            Part("dequantization", 0.3 * unpacked, unpacked, unpacked, "the largest matrix in 16 bit")
        )
    count = trainable or adapter_params(shape, setup.rank, setup.targets)
    each = 8.0 if setup.states.weights + setup.states.gradients + setup.states.optimizer <= 8 else 16.0
    state = count * each / GIB / setup.split[2]
    why = f"{count / 1e6:.1f} M adapter parameters (rank {setup.rank}) × {each:g} bytes"
    parts.append(Part("adapters", 0.3 * state, state, 1.3 * state, why))
    return parts


def _activations(workload: Workload, setup: TrainingSetup) -> list[Part]:
    tokens = setup.sequence * setup.batch
    if (workload.algorithm or "").lower() in TWO_ANSWERS:
        tokens *= 2
    size, why = backward.activations(setup.shape, tokens, setup.kept)
    parts = [Part("activations", 0.7 * size / GIB, size / GIB, 1.3 * size / GIB, why)]
    said = {None: setup.engine.training.loss, True: "fused", False: "plain"}
    size, why = backward.logits(setup.shape, tokens, said[workload.fused_loss])
    parts.append(Part("logits", 0.6 * size / GIB, size / GIB, 1.4 * size / GIB, why))
    return parts


def _gathered(setup: TrainingSetup) -> Part:
    """FSDP and ZeRO-3 put two whole layers together at a time: the one at work and the next."""
    layer = weights(setup.shape, setup.scheme).expected - 2 * setup.shape.embedding
    size = 2 * max(layer, 0.0) / setup.shape.layers / GIB
    return Part("gathered layers", 0.5 * size, size, 1.5 * size, "two layers put together from all GPUs")


def _workspace(setup: TrainingSetup) -> Range:
    """DeepSpeed keeps flat buckets of up to 5·10⁸ elements to reduce and to gather, no larger than what it
    divides."""
    if not setup.zero and not setup.engine.training.deepspeed:
        return (0.05, 0.2, 1.0)
    size = BUCKETS_GIB["full" if setup.method == "full" else "adapters"]
    return (0.1 * size, size, 2 * size + 1)
