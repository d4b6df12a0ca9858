"""A training workload with its defaults settled, and what was assumed for that."""

from gpuspec.engines import USUAL_TRAINER, Engine, engine_of
from gpuspec.named_tuple import NamedTuple
from gpuspec.quantization import bits_of, find_scheme
from gpuspec.sizing.shape import Shape
from gpuspec.sizing.training import adapters
from gpuspec.sizing.training.backward import Kept
from gpuspec.sizing.training.division import Division, division_of
from gpuspec.sizing.training.optimizers import States, states_of
from gpuspec.workload import Workload

DEFAULT_SEQUENCE = 2048
DEFAULT_RANK = 16
TWO_ANSWERS = ("dpo", "orpo", "kto", "simpo", "cpo")
"""Methods whose batch holds a chosen and a rejected answer for each prompt."""
UNPACKED = 0.6
"""The longest of a dataset's examples may be so much shorter than the length at which they would be cut."""


class TrainingSetup(NamedTuple):
    """A training workload, settled. `tokens` are those of a step on one GPU at most, `fewest` at least."""

    shape: Shape
    method: str
    scheme: str
    engine: Engine
    states: States
    tokens: int
    fewest: float
    rank: int
    adapter_params: float
    kept: Kept
    division: Division
    loss: str
    accumulates: bool
    algorithm: str

    @property
    def quantized(self) -> bool:
        """Whether the base of the adapters is in fewer than 16 bit."""
        return _quantized(self.scheme)

    @property
    def upcast(self) -> bool:
        """Whether embeddings and norms of a quantized base are turned to 32 bit (PEFT's preparation)."""
        return _upcast(self.engine, self.scheme)


def setup_of(
    workload: Workload, shape: Shape, gpus: int, trainable: float | None, assumptions: list[str]
) -> TrainingSetup:
    """Settle what the workload leaves open; what is assumed for it is added to `assumptions`.

    `trainable`: parameters of the adapters, where they were counted."""
    engine = engine_of(workload.engine or USUAL_TRAINER)
    method = (workload.method or ("qlora" if find_scheme(workload.quantization).frozen else "full")).lower()
    if workload.method is None and method == "full":
        assumptions.append("full fine-tuning, since no method was given")
    if workload.dtype is None and engine.training.loads:
        workload = workload._replace(dtype=engine.training.loads)
    scheme = workload.quantization or (workload.dtype if method == "lora" else None) or "bf16"
    if method == "qlora" and scheme in ("bf16", "nf4"):
        scheme = engine.training.four_bit
    tokens, fewest = _tokens(workload, shape, assumptions)
    routed = shape.expert_params / shape.params if shape.params else 0.0
    division = division_of(workload, gpus, routed)
    if division.why:
        assumptions.append(division.why)
    states = states_of(workload, engine.training, shape)
    if method == "full":
        assumptions.append(states.why)
    rank = workload.lora_rank or DEFAULT_RANK
    targets = _targets(workload, shape, method, engine, rank, trainable)
    kept = _kept(workload, method, scheme, engine, targets, states, assumptions)
    said = {None: engine.training.loss, True: "fused", False: "plain"}
    return TrainingSetup(
        shape=shape,
        method=method,
        scheme=scheme,
        engine=engine,
        states=states,
        tokens=tokens,
        fewest=fewest,
        rank=rank,
        adapter_params=trainable or adapters.adapter_params(shape, rank, targets),
        kept=kept,
        division=division,
        loss=said[workload.fused_loss],
        accumulates=(workload.gradient_accumulation or 1) > 1,
        algorithm=(workload.algorithm or "").lower(),
    )


def _quantized(scheme: str) -> bool:
    return (bits_of(scheme) or 16) < 16


def _upcast(engine: Engine, scheme: str) -> bool:
    trainer = engine.training
    prepares = trainer.peft and not trainer.casts_back
    return prepares and _quantized(scheme) and not find_scheme(scheme).calibrated


def _tokens(workload: Workload, shape: Shape, assumptions: list[str]) -> tuple[int, float]:
    """Tokens of a step: at most, and at least. A length is where examples are cut; only packing fills it."""
    sequence = workload.sequence or workload.context
    if sequence is None:
        sequence = min(DEFAULT_SEQUENCE, shape.max_context or DEFAULT_SEQUENCE)
        assumptions.append(f"{sequence:,} tokens per sequence, since no length was given")
    if workload.batch is None:
        assumptions.append("one sequence per step and GPU, since no batch was given")
    tokens = sequence * (workload.batch or 1)
    if (workload.algorithm or "").lower() in TWO_ANSWERS:
        tokens *= 2
    if workload.packing:
        return tokens, float(tokens)
    if workload.sequence:
        assumptions.append(f"examples as long as {sequence:,} tokens, where they are cut")
    return tokens, UNPACKED * tokens


def _targets(
    workload: Workload, shape: Shape, method: str, engine: Engine, rank: int, trainable: float | None
) -> tuple[str, ...]:
    """Which matrices carry adapters: all linear ones in QLoRA, as its paper has it."""
    if method == "full":
        return ()
    if workload.target_modules:
        return adapters.targets_of(workload.target_modules, "all")
    if trainable:
        return adapters.targets_by_count(shape, rank, trainable)
    return adapters.targets_of(None, engine.training.adapts if method == "lora" else "all")


def _kept(
    workload: Workload,
    method: str,
    scheme: str,
    engine: Engine,
    targets: tuple[str, ...],
    states: States,
    assumptions: list[str],
) -> Kept:
    checkpointed = workload.gradient_checkpointing
    if checkpointed is None:
        checkpointed = True
        assumptions.append("gradient checkpointing on, since nothing was said")
    trainer = engine.training
    full = method == "full"
    casts = 1.0 if workload.precision == "amp" or trainer.loads else 2.0
    compiled = trainer.compiled and workload.fused_loss is not False
    selective = bool(workload.selective_checkpointing)
    return Kept(
        checkpointed=checkpointed and not selective,
        selective=selective and trainer.selective == "operations",
        trained=full,
        targets=targets,
        casts=casts if trainer.peft else 0.0,
        dropout=not full and trainer.dropout and not trainer.peft,
        quantized=_quantized(scheme) and trainer.quantized_inputs and not full,
        attention=trainer.attention,
        wide=states.wide if full else _upcast(engine, scheme),
        compiled=workload.compiled if workload.compiled is not None else compiled,
        offloaded=workload.cpu_offload == "activations" or (trainer.offloads and checkpointed),
    )
