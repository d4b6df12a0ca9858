"""Training state: bytes per trained parameter under each optimizer and precision."""

from gpuspec.engines.engine import Training
from gpuspec.named_tuple import NamedTuple
from gpuspec.sizing.shape import Shape
from gpuspec.workload import Workload


class States(NamedTuple):
    """Bytes per parameter of full training; `why` says it in words."""

    weights: float
    gradients: float
    """Zero where the optimizer steps in the backward pass: each gradient is used at once and goes."""
    optimizer: float
    why: str
    halved: tuple[float, float, float] | None = None
    """Weights, gradients and optimizer where the weights may turn out to be in 16 bit."""
    copies: float = 0.0
    """16-bit copies that autocast makes of 32-bit weights."""
    step: float = 0.0
    """What the optimizer's step needs for a moment."""
    step_low: float = 0.0
    inside: float = 0.0
    """Bytes of a gradient that is used at once: only the largest matrix has its own; 0 where all are kept."""
    wide: bool = False
    """What passes from layer to layer is in 32 bit, as autocast leaves it over 32-bit weights."""
    trained: float = 1.0
    """The share of the parameters that is trained."""

    @property
    def low(self) -> tuple[float, float, float]:
        """Weights, gradients and optimizer at least."""
        return self.halved or (self.weights, self.gradients, self.optimizer)


class Optimizer(NamedTuple):
    """What an optimizer keeps. A name of which nothing is known is taken for AdamW's kind."""

    words: tuple[str, ...]
    """Any of these in its name, small letters."""
    moments: float = 2.0
    """Numbers per parameter, in the precision of the weights it updates."""
    fixed: float | None = None
    """Bytes per parameter, whatever that precision is."""
    rank: int = 0
    """Moments are kept of the gradients' projection to so many dimensions; 0: of the gradients."""
    projector: bool = False
    """The projection is kept, too; otherwise it is drawn from a seed."""
    whole: bool = False
    """Its step takes all parameters at once and needs a temporary number for each (PyTorch's foreach)."""
    inside: bool = False


OPTIMIZERS = (
    # bitsandbytes: a paged optimizer's state goes to the host when the GPU is short of memory.
    Optimizer(("paged",), fixed=0.0),
    Optimizer(("galore",), rank=128, projector=True),  # Zhao et al. 2024: rank 128 (Hugging Face, ms-swift)
    Optimizer(("apollo_mini", "apollo-mini"), rank=1),  # Zhu et al. 2024: rank 1
    Optimizer(("apollo",), rank=256),  # … and a quarter of the width by default, from a seed
    Optimizer(("adalomo",), fixed=0.02, inside=True),  # Lv et al. 2023: factored second moment
    Optimizer(("lomo",), fixed=0.0, inside=True),
    Optimizer(("4bit", "4-bit"), fixed=1.06),  # torchao: 2 × (4 bits + one scale of 4 bytes for 128)
    Optimizer(("lion_8bit", "lion8bit"), fixed=1.02),
    Optimizer(("ademamix_8bit",), fixed=3.05),
    Optimizer(("8bit", "8-bit", "fp8"), fixed=2.03),  # bitsandbytes: 2 × (1 byte + 4 bytes for 256)
    Optimizer(("adafactor",), fixed=0.02),  # Shazeer, Stern 2018: one row, one column of each matrix
    # Luo et al. 2023: the same, beside a whole first moment in 32 bit (CAME.py).
    Optimizer(("came",), fixed=4.02),
    Optimizer(("adam_mini", "adam-mini"), moments=1.0),  # Zhang et al. 2024: one second moment a block
    Optimizer(("sgd", "signsgd"), fixed=0.0),
    Optimizer(("lion", "muon", "rmsprop", "adagrad"), moments=1.0),
    Optimizer(("ademamix", "grokadamw"), moments=3.0),
    Optimizer(("prodigy",), moments=4.0),
    Optimizer(("fused",)),
    Optimizer(("adam",), whole=True),
)
"""The first row of which a word stands in the name counts. Sources: the papers named, bitsandbytes, torch.optim,
torchao.optim and the optimizers' own repositories."""
LISA_LAYERS = 2
"""Layers that LISA trains at a time, beside embedding and head (Pan et al. 2024; LMFlow, ms-swift)."""
_PLAIN = OPTIMIZERS[-1]
_FUSED = OPTIMIZERS[-2]


def optimizer_of(name: str | None, *, fused: bool = False) -> Optimizer:
    """The row of an optimizer's name; AdamW's where none is given or no more is said (`fused`: of the trainer's own,
    whose step needs no temporary numbers), or the name is not known."""
    if not name or name.lower() in ("adam", "adamw"):
        return _FUSED if fused else _PLAIN
    text = name.lower()
    found = next((row for row in OPTIMIZERS if any(word in text for word in row.words)), _PLAIN)
    inside = any(word in text for word in ("bwd", "backward", "layerwise"))
    return found._replace(inside=True) if inside else found


def moments(row: Optimizer, size: float, shape: Shape) -> float:
    """Bytes of optimizer state per parameter on average, in weights of `size` bytes."""
    once = min(shape.embedding / shape.params, 1.0)
    return moments_of(row, size, shape.hidden, max(shape.hidden, shape.intermediate), once)


def moments_of(row: Optimizer, size: float, hidden: int, widest: int, once: float = 0.0) -> float:
    """The same where the model's matrices are `hidden` and at most `widest` wide, and a share `once` of its
    parameters are embeddings: projected optimizers (GaLore) project matrices only, embeddings have all of Adam's
    moments."""
    if row.fixed is not None:
        return row.fixed
    if not row.rank:
        return row.moments * size
    rank = min(row.rank, hidden)
    each = 2.0 * rank / hidden
    each += rank / widest if row.projector else 0.0
    return size * (2.0 * once + each * (1 - once))


def trained_share(workload: Workload, shape: Shape) -> float:
    """Of the parameters of full training, those that are trained at one time."""
    blocks = max(shape.params - shape.embedding, 0.0) / shape.params
    name = (workload.optimizer or "").lower()
    if workload.trained_layers:
        return blocks * min(workload.trained_layers / shape.layers, 1.0)
    if "lisa" in name:
        return (1 - blocks) + blocks * min(LISA_LAYERS / shape.layers, 1.0)
    if "badam" in name:  # Luo et al. 2024: one block at a time
        return blocks / shape.layers
    return 1.0


def states_of(workload: Workload, trainer: Training, shape: Shape) -> States:
    """Bytes per parameter that full training keeps.

    DeepSpeed: 16-bit weights and gradients, 32-bit master copy and two moments, 16 B (Rajbhandari et al.,
    ZeRO); it turns gradients to 32 bit while it steps. Megatron-LM: gradients in 32 bit, 18 B. Autocast over 32-bit
    weights: 4 B each of weights, gradients and two moments, and 16-bit copies of the weights while the model runs,
    18 B. Weights loaded in 16 bit: all in 16 bit, 8 B, whether autocast is on or not. An unfused step needs a number
    more per parameter."""
    row = optimizer_of(workload.optimizer, fused=trainer.fused_step)
    states, trained = _of_each(workload, trainer, shape, row), trained_share(workload, shape)
    if row.inside:
        halved = (states.halved[0], 0.0, states.halved[2]) if states.halved else None
        states = states._replace(
            gradients=0.0, inside=states.gradients, step=0.0, step_low=0.0, halved=halved
        )
    if trained < 1:
        states = states._replace(
            why=f"{states.why}; {100 * trained:.1f} % of the parameters are trained at a time"
        )
    return states._replace(trained=trained)


def _of_each(workload: Workload, trainer: Training, shape: Shape, row: Optimizer) -> States:
    """Of a parameter that is trained, where its gradient is kept until the step."""
    precision = workload.precision or trainer.precision
    sharding = workload.sharding or ""
    halved = precision == "bf16" or (precision != "fp32" and workload.dtype in ("bf16", "fp16"))
    if trainer.wide_gradients and precision != "fp32":
        state = 4 + moments(row, 4, shape)
        why = f"mixed precision: 2 B weights, 4 B gradients, 4 B master copy, {state - 4:g} B moments"
        return States(2, 4, state, why)
    if precision != "fp32" and (trainer.deepspeed or "zero" in sharding):
        state = 4 + moments(row, 4, shape)
        why = f"mixed precision: 2 B weights, 2 B gradients, 4 B master copy, {state - 4:g} B moments"
        return States(2, 2, state, why, step=4, step_low=4)
    if halved and not (precision == "amp" and sharding.startswith("fsdp")):
        state = moments(row, 2, shape)
        why = (
            f"pure bf16: 2 B weights, {0 if row.inside else 2} B gradients, {state:g} B moments per parameter"
        )
        return States(2, 2, state, why, step=2.0 if row.whole else 0.0)
    state, step = moments(row, 4, shape), 4.0 if row.whole else 0.0
    if precision == "fp32":
        return States(4, 4, state, "32-bit weights, gradients and moments", step=step, wide=True)
    why = f"mixed precision: 4 B weights, 4 B gradients, {state:g} B moments, and 16-bit copies while it runs"
    if sharding.startswith("fsdp"):
        return States(4, 4, state, why, copies=2, step=step)
    if workload.dtype is not None:
        return States(4, 4, state, why, copies=2, step=step, wide=True)
    why += " (the low figure is pure bf16)"
    low = (2.0, 2.0, moments(row, 2, shape))
    return States(4, 4, state, why, halved=low, copies=2, step=step, wide=True)
