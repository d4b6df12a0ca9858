"""What stays on a GPU from step to step of training: weights, optimizer, adapters, and what goes with them."""

from gpuspec.engines.engine import Training
from gpuspec.sizing.memory import Part
from gpuspec.sizing.training.division import Division
from gpuspec.sizing.training.optimizers import moments, optimizer_of
from gpuspec.sizing.training.setup import TrainingSetup
from gpuspec.sizing.weights import GIB, weights
from gpuspec.workload import Workload

TWO_MODELS = ("dpo", "kto", "gkd")
"""Methods that keep a reference (or teacher) beside the model. ORPO and SimPO do not."""
LIVE_ELEMENTS = 1e9
"""Of the weights, those that ZeRO-3 keeps put together at most (stage3_max_live_parameters), and those whose
gradients it turns to 32 bit at once (sub_group_size). Source: DeepSpeed's configuration."""
BUCKET_ELEMENTS = (0.0, 2e8, 5e8)
"""Of each of DeepSpeed's two flat buckets of gradients, whatever is trained: as small as the width squared where
Hugging Face chooses ("auto"), 2·10⁸ in its examples, 5·10⁸ unless told otherwise (stage_1_and_2.py: two where
communication overlaps)."""


def held(workload: Workload, setup: TrainingSetup) -> list[Part]:
    """Weights, and what the optimizer keeps of them."""
    return _full(setup) if setup.method == "full" else _adapted(workload, setup)


def _full(setup: TrainingSetup) -> list[Part]:
    params, state, division = setup.shape.params / GIB, setup.states, setup.division
    billions = f"{setup.shape.params / 1e9:.3f} B parameters"
    size = 0.0 if division.weights_on_host else params * state.weights / division.weights
    low = 0.0 if division.weights_on_host else params * state.low[0] / division.weights
    why = f"{billions} × {state.weights:g} bytes{_over(division.weights)}"
    parts = [Part("weights", low, size, size * 1.02, why)]
    each = params * state.trained / division.optimizer
    size = 0.0 if division.optimizer_on_host else each * state.optimizer
    low = 0.0 if division.optimizer_on_host else each * state.low[2]
    why = f"{billions} × {state.optimizer:g} bytes{_over(division.optimizer)}"
    why += ", on the host" if division.optimizer_on_host else ""
    parts.append(Part("optimizer", low, size, size * 1.05, why))
    if setup.algorithm in TWO_MODELS:
        size = params * state.weights / division.weights
        why = f"{setup.algorithm} keeps a frozen copy, {state.weights:g} bytes a parameter"
        parts.append(Part("reference model", size, size, size * 1.02, why))
    if division.buckets and not state.inside:
        size = params * state.gradients * state.trained
        why = "every gradient once more, to be summed over the GPUs (DistributedDataParallel)"
        parts.append(Part("DDP buckets", 0.0, size, size, why))
    return parts


def _over(divided: float) -> str:
    return f" ÷ {divided:g}" if divided > 1 else ""


def _adapted(workload: Workload, setup: TrainingSetup) -> list[Part]:
    shape, division = setup.shape, setup.division
    size = weights(shape, setup.scheme, untied_head=setup.engine.memory.never_ties)
    scale = division.weights * GIB
    if division.weights_on_host:
        # FSDP's CPU offload keeps every shard on the host; what the GPU holds are the gathered layers.
        size = size._replace(low=0.0, expected=0.0, why=size.why + ", on the host")
    why = size.why + _over(division.weights)
    parts = [Part("weights", size.low / scale, size.expected / scale, size.high / scale, why)]
    if setup.upcast:
        upcast = 2 * shape.embedding / scale
        why = "embeddings kept in 32 bit (PEFT's preparation of quantized models)"
        parts.append(Part("32-bit embeddings", 0.0, upcast, upcast, why))
    count = setup.adapter_params
    wide = setup.engine.training.peft or setup.engine.training.precision == "amp"
    row = optimizer_of(workload.optimizer)
    each = (8 if wide else 4) + moments(row._replace(rank=0), 4 if wide else 2, shape)
    state = count * each / GIB / division.optimizer
    why = f"{count / 1e6:.1f} M adapter parameters (rank {setup.rank}) × {each:g} bytes{_over(division.optimizer)}"
    parts.append(Part("adapters", 0.5 * state, state, 1.3 * state, why))
    return parts


def gathered(setup: TrainingSetup, layers_at_once: int) -> list[Part]:
    """What FSDP and ZeRO-3 put together from all GPUs for a moment. FSDP: whole layers (two in the backward pass, the
    one at work and the next), and its root unit, embedding and head, all the time; where these are units of their
    own, the head while the loss is worked out. ZeRO-3: up to 10⁹ parameters."""
    division = setup.division
    if not division.gathers and not division.weights_on_host:
        return []
    whole = weights(setup.shape, setup.scheme).expected
    root = 2 * setup.shape.embedding
    layer = max(whole - root, 0.0) / setup.shape.layers
    layers = layers_at_once * layer
    if division.kind == "zero":
        most = min(LIVE_ELEMENTS / setup.shape.params, 1.0) * whole
        size = max(layers, most) / GIB
        all_of = f"{setup.shape.params / 1e9:.3f} B parameters"
        why = f"10⁹ of {all_of}, put together from all GPUs"
        if layers >= most:
            why = f"{layers_at_once} × {layer / GIB:.2f} GiB: layers put together from all GPUs"
        elif setup.shape.params <= LIVE_ELEMENTS:
            why = f"all {all_of}, put together from all GPUs"
        return [Part("gathered layers", min(layer / GIB, size), size, size + layer / GIB, why)]
    if setup.engine.training.embeddings_apart:
        head = 2.0 * setup.shape.vocab * setup.shape.hidden
        size = layers / GIB if layers_at_once > 1 else head / GIB
        why = f"{layers_at_once} × {layer / GIB:.2f} GiB: layers"
        why = (
            why
            if layers_at_once > 1
            else f"{setup.shape.vocab:,} words × {setup.shape.hidden:,} × 2 bytes: the head"
        )
    else:
        size = (layers + root) / GIB
        why = (
            f"{layers_at_once} × {layer / GIB:.2f} GiB: layers, {root / GIB:.2f}: the embedding and the head"
        )
    why += ", put together from all GPUs"
    return [Part("gathered layers", min(0.5 * layer / GIB, size), size, size + 2 * layer / GIB, why)]


def buckets(setup: TrainingSetup) -> tuple[float, float, float]:
    """GiB of workspaces: cuBLAS's, and DeepSpeed's flat buckets."""
    low, expected, high = flat_buckets(setup.division, setup.engine.training)
    return (0.02 + low, 0.1 + expected, 0.5 + high)


def flat_buckets(division: Division, training: Training) -> tuple[float, float, float]:
    """GiB of DeepSpeed's two flat buckets, where it is at work."""
    if division.kind != "zero" and not training.deepspeed:
        return (0.0, 0.0, 0.0)
    own = training.bucket_elements
    low, expected, high = (2 * 2 * size / GIB for size in ((0.0, own, own) if own else BUCKET_ELEMENTS))
    return low, expected, high
