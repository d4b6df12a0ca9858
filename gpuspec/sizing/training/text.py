"""Memory of training a text model by phase: forward pass and loss, backward pass, optimizer step."""

from __future__ import annotations

from gpuspec.engines import engine_of
from gpuspec.engines.engine import TORCH
from gpuspec.sizing.memory import Need, Part, Phase, Unsized, unknown_scheme
from gpuspec.sizing.runtime import runtime, vision_tower
from gpuspec.sizing.shape import shape_of
from gpuspec.sizing.training import backward, state
from gpuspec.sizing.training.setup import TrainingSetup, setup_of
from gpuspec.sizing.weights import GIB, sizable
from gpuspec.workload import Workload

ONLINE = ("ppo", "grpo", "rloo", "gae", "remax", "dapo", "online_dpo", "reinforce_plus_plus")
"""Methods that generate while they train: memory depends on the engine that does it, and on its share."""
FRAGMENTED = {"low": 0.0, "expected": 0.06, "high": 0.2}
"""Share of what comes and goes each step that the allocator holds beside it."""
FRAGMENTED_SHARDED = {"low": 0.0, "expected": 0.15, "high": 0.24}
"""Share of what FSDP and ZeRO-3 divide and put together again, in several streams: 12–24 % between
max_memory_allocated and max_memory_reserved in published runs."""


def training(workload: Workload, gpus: int, *, trainable: float | None = None) -> Need | Unsized:
    """Need of full fine-tuning, LoRA or QLoRA of a text model.

    `trainable`: parameters of the adapters where they were counted (None: from the rank)."""
    if (workload.algorithm or "").lower() in ONLINE or engine_of(workload.engine).training.generates:
        return Unsized(
            "reinforcement learning holds an engine that generates, and further models, beside the one"
        )
    for field in ("optimizer", "batch", "sequence", "method", "cpu_offload"):
        if field in workload.origins and getattr(workload, field) is None:
            say = "write it into the command" if field == "cpu_offload" else f"say model.{field} in the job"
            return Unsized(f"{field} is not known ({workload.origin(field).text})", say)
    if gpus > 1 and "sharding" in workload.origins and workload.sharding is None:
        return Unsized(
            f"how the training is spread is not known ({workload.origin('sharding').text})",
            "state it where it can be read: a DeepSpeed or FSDP configuration beside the job",
        )
    shape = shape_of(workload)
    if isinstance(shape, Unsized):
        return shape
    assumptions: list[str] = []
    setup = setup_of(workload, shape, gpus, trainable, assumptions)
    if not sizable(shape, setup.scheme):
        return unknown_scheme(setup.scheme)
    phases = _phases(workload, setup, gpus)
    return Need(phases, gpus, setup.engine.name, tuple(assumptions), "medium" if shape.exact else "low")


def _phases(workload: Workload, setup: TrainingSetup, gpus: int) -> tuple[Phase, ...]:
    """A step takes its memory in turns: activations and logits, then gradients as activations go, then what the
    optimizer needs."""
    stays = [*state.held(workload, setup), *vision_tower(workload.model, training=True)]
    process = runtime(TORCH, state.buckets(setup), gpus)
    acts = backward.activations(setup.shape, setup.tokens, setup.kept, setup.division)
    share = setup.fewest / setup.tokens
    persistent = setup.accumulates or setup.division.kind == "zero"
    forward = [
        _ranged("activations", acts.all, share, acts.why),
        _logits(setup, share),
        *_dequantized(setup),
        *_copies(setup),
        *(_gradients(setup, 0.0) if persistent else []),
    ]
    back = [
        _ranged("activations", acts.backward, share, acts.why_backward),
        *_dequantized(setup),
        *_gradients(setup, 0.0 if persistent else acts.all),
    ]
    step = [*_gradients(setup, 0.0), *_of_the_step(setup)]
    return tuple(
        Phase(name, _with_fragmentation(stays + put_together, parts, process, setup))
        for name, parts, put_together in (
            ("forward and loss", forward, state.gathered(setup, 1)),
            ("backward", back, state.gathered(setup, 2)),
            ("optimizer step", step, []),
        )
    )


def _ranged(name: str, size: float, share: float, why: str) -> Part:
    return Part(name, 0.85 * share * size / GIB, size / GIB, 1.2 * size / GIB, why)


def _logits(setup: TrainingSetup, share: float) -> Part:
    low, expected, high, why = backward.logits(setup.shape, setup.tokens, setup.loss, setup.division)
    return Part("logits", share * low / GIB, expected / GIB, high / GIB, why)


def _dequantized(setup: TrainingSetup) -> list[Part]:
    if not setup.quantized:
        return []
    unpacked = 2 * setup.shape.largest_matrix / GIB
    return [Part("dequantization", 0.3 * unpacked, unpacked, unpacked, "the largest matrix in 16 bit")]


def _copies(setup: TrainingSetup) -> list[Part]:
    """Autocast's 16-bit copies of 32-bit weights, which it keeps until the forward pass ends, and the graph
    longer. An embedding is looked up as it is, unless it is the head, too."""
    shape = setup.shape
    once = float(shape.vocab * shape.hidden)
    if setup.upcast:
        size = 2 * once / setup.division.weights / GIB
        return [Part("16-bit copies", 0.0, size, size, "the 32-bit head as autocast computes with it")]
    if setup.method != "full" or not setup.states.copies or setup.division.gathers:
        return []
    size = max(shape.params - (0.0 if shape.tied else once), 0.0)
    size = size * setup.states.copies / setup.division.weights / GIB
    low = size if setup.states.low[0] == setup.states.weights else 0.0
    return [Part("16-bit copies", low, size, size, "weights as autocast computes with them")]


def _gradients(setup: TrainingSetup, going: float) -> list[Part]:
    """Gradients of trained weights. They appear while activations go (bytes), so only what they exceed those by
    is added, unless they are kept over several steps."""
    if setup.method != "full" or setup.division.weights_on_host:
        return []
    division, states = setup.division, setup.states
    if states.inside:
        largest = states.inside * setup.shape.vocab * setup.shape.hidden / division.gradients / GIB
        return [Part("gradients", 0.0, largest, largest, "one matrix at a time: the embedding's")]
    each = setup.shape.params * states.trained / division.gradients / GIB
    whole = each * states.gradients
    more = max(whole - going / GIB, 0.0)
    low = min(max(each * states.low[1] - going / GIB, 0.0), more)
    why = f"{setup.shape.params * states.trained / 1e9:.3f} B parameters × {states.gradients:g} bytes"
    why += f" ÷ {division.gradients:g}" if division.gradients > 1 else ""
    why += ", less the activations they take the place of" if more < whole else ""
    return [Part("gradients", low, more, max(whole * 1.05 - going / GIB, more), why)]


def _of_the_step(setup: TrainingSetup) -> list[Part]:
    """Temporary numbers of an unfused step; DeepSpeed's 32-bit gradients, of 10⁹ parameters at a time in ZeRO-3."""
    if setup.method != "full" or not setup.states.step or setup.division.optimizer_on_host:
        return []
    count = setup.shape.params * setup.states.trained / setup.division.optimizer
    if setup.division.gathers and setup.division.kind == "zero":
        count = min(count, state.LIVE_ELEMENTS)
    size = count * setup.states.step / GIB
    low = count * setup.states.step_low / GIB
    return [
        Part("optimizer step", low, size, 1.05 * size, f"{count / 1e9:.3f} B × {setup.states.step:g} bytes")
    ]


def _with_fragmentation(
    stays: list[Part], passing: list[Part], process: list[Part], setup: TrainingSetup
) -> tuple[Part, ...]:
    """All parts of a phase, and what the allocator holds beside what tensors take: of what comes and goes, and of all
    that is divided and put together again."""
    held = sum(part.expected for part in stays) if setup.division.gathers else 0.0
    moving = sum(part.expected for part in passing)
    low, expected, high = (
        FRAGMENTED[each] * moving + FRAGMENTED_SHARDED[each] * held for each in ("low", "expected", "high")
    )
    why = f"{100 * FRAGMENTED['expected']:g} % of what comes and goes each step"
    why += (
        f", {100 * FRAGMENTED_SHARDED['expected']:g} % of what is divided" if setup.division.gathers else ""
    )
    part = Part("fragmentation", low, expected, high, why, "reserved")
    return (*stays, *passing, *process, part)
