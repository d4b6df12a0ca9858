"""Memory of training image and video models: LoRA, QLoRA, all weights. Encode, then backward, then the step."""

from __future__ import annotations

from gpuspec.engines import USUAL_FOR_IMAGES, engine_of
from gpuspec.engines.engine import TORCH, Training, before
from gpuspec.named_tuple import NamedTuple
from gpuspec.sizing.media.components import Pipeline
from gpuspec.sizing.media.passes import Extent, encode_pictures, encode_text, fragments
from gpuspec.sizing.memory import Need, Part, Phase
from gpuspec.sizing.runtime import runtime
from gpuspec.sizing.training.division import Division, division_of
from gpuspec.sizing.training.optimizers import Optimizer, moments_of, optimizer_of
from gpuspec.sizing.training.state import flat_buckets
from gpuspec.sizing.weights import GIB
from gpuspec.workload import Workload

AUTOCAST = 1.37
"""What a transformer keeps under autocast for what it keeps in plain 16 bit: norms come out in 32 bit. FLUX.1 with
adapters on attention and feed-forward, counted on the meta device: 6.9 MB a token for 5.0."""
WHOLE = 1.55
"""What all weights keep for what adapters on attention do: the input of each matrix. FLUX.1 1.8, FLUX.2 1.56,
SD3.5-medium 1.5, counted alike."""
U_NET_CHECKPOINTED = (0.12, 0.25, 0.5)
"""Share of a U-Net's activations left with checkpointing: its skip connections and one block."""
RESERVED = (0.02, 0.15, 0.25)
"""Share of activations and gradients that the allocator holds beside them."""
RANK = 16
SMALL = 256
"""Pixels of a side that clips to train a video model on have at least."""


class Weights(NamedTuple):
    """How a trainer keeps the denoiser: `bits` of its weights, and bytes of each trained parameter: its gradient, its
    moments, a `copy` while passes run (16 bit, under autocast), another while the optimizer takes its `step`."""

    bits: float
    gradients: float
    moments: float
    copy: float
    step: float


def adapt(workload: Workload, pipeline: Pipeline, extent: Extent, bits: float, gpus: int) -> Need:
    """Need of training the denoiser, or adapters of it."""
    training = engine_of(workload.engine).training
    weights = _weights(workload, pipeline, bits)
    full = (workload.method or "full") == "full"
    # Of pictures `cpu_offload` says where weights and activations are, and nothing of the optimizer.
    named = workload._replace(engine=workload.engine or USUAL_FOR_IMAGES, cpu_offload=None)
    division = division_of(named, gpus)
    billions = pipeline.denoiser.billions
    size = billions * 1e9 * weights.bits / 8 / GIB / division.weights
    over = f", over {division.weights:g} GPUs" if division.weights > 1 else ""
    # Blocks that are swapped (kohya's --blocks-to-swap: all but two at most) wait on the host.
    least_there = 0.05 if workload.cpu_offload else 0.98
    denoiser = Part(
        "denoiser", least_there * size, size, 1.03 * size, f"{billions:g} B × {weights.bits:g} bits{over}"
    )
    trained = billions * 1e9 if full else _adapters(workload, pipeline)
    state = _state(workload, weights, trained, division, full=full)
    encoders = _encoders(workload, pipeline)
    kept = _activations(workload, pipeline, extent, weights, full=full)
    least = smallest(workload, pipeline, extent)
    kept = kept._replace(low=_activations(workload, pipeline, least, weights, full=full).low)
    beside = runtime(TORCH, (0.05, 0.2, 0.5), gpus)
    buckets = flat_buckets(division, training)
    if buckets[-1]:
        beside.append(Part("DeepSpeed buckets", *buckets, "two, flat, of 16-bit gradients"))
    phases: list[Phase] = []
    if not (workload.caches_text and workload.caches_latents):
        bits = 16.0 if training.all_32_bit else max(weights.bits, 16.0)
        work = encode_pictures(pipeline, extent, bits)
        work = work._replace(low=encode_pictures(pipeline, least, bits).low)
        there = () if workload.caches_text else (_all_encoders(pipeline, training),)
        stays = tuple(part for part in state if part.name not in ("gradients", "DDP buckets"))
        around = (denoiser, *stays) if training.encodes_beside else ()
        phases.append(Phase("encoding", (*around, *there, encode_text(), work, _reserved(work), *beside)))
    copies = _sized(
        "16-bit copies", trained * weights.copy / division.weights, "of the weights, for the passes"
    )
    held = (denoiser, *encoders)
    gone = _reserved(kept)
    phases.append(Phase("backward", (*held, *state, *copies, kept, gone, *beside)))
    step = _sized(
        "step", trained * weights.step / division.optimizer, "the optimizer's own copy while it steps"
    )
    phases.append(Phase("step", (*held, *state, *step, *beside)))
    engine = engine_of(workload.engine or USUAL_FOR_IMAGES)
    checkpointing = "gradient checkpointing" if checkpoints(workload) else "no gradient checkpointing"
    said = (f"{extent.words} a step", checkpointing)
    return Need(tuple(phases), gpus, engine.name, said, "medium" if pipeline.known else "low")


def _weights(workload: Workload, pipeline: Pipeline, bits: float) -> Weights:
    """How weights and state are kept. A script with mixed precision trains adapters over 16-bit weights, and all
    weights in 32 bit."""
    training = engine_of(workload.engine).training
    method = workload.method or "full"
    plain = training.fp32_unets
    mixed = workload.precision == "amp"
    if method == "qlora" and not workload.quantization:
        bits = 4.5
    elif plain and workload.quantization == "fp8":
        bits = 16.0  # torchao's fp8 training computes in 8 bit and keeps 16-bit weights
    elif plain and pipeline.denoiser.unet and not workload.dtype and not workload.quantization:
        bits = 16.0 if mixed and method != "full" else 32.0
    elif training.all_32_bit and not workload.quantization:
        bits = 32.0
    row, hidden = optimizer_of(workload.optimizer), pipeline.denoiser.hidden
    if method != "full":
        return Weights(bits, 4.0, _moments(row._replace(rank=0), 4, hidden), 0.0, 0.0)
    pure = workload.precision == "bf16" or (
        not mixed and workload.model is not None and workload.model.native_dtype == "bf16"
    )
    if pure and not training.all_32_bit:
        return _kept(row, 2.0, _moments(row, 2, hidden), copy=0.0)
    return _kept(row, 4.0, _moments(row, 4, hidden), copy=2.0 if mixed else 0.0)


def _kept(row: Optimizer, width: float, moments: float, *, copy: float) -> Weights:
    """Of weights that are all trained, in so many bytes each."""
    return Weights(8 * width, 0.0 if row.inside else width, moments, copy, width if row.whole else 0.0)


def _moments(row: Optimizer, size: float, hidden: int) -> float:
    """Bytes an optimizer keeps of each parameter. The feed-forward of a denoiser is four times as wide as it."""
    return moments_of(row, size, hidden, 4 * hidden)


def _adapters(workload: Workload, pipeline: Pipeline) -> float:
    """Parameters of LoRA on the four matrices of attention: rank × (in + out) each."""
    denoiser = pipeline.denoiser
    rank = workload.lora_rank or RANK
    if denoiser.unet:
        # SDXL 140 attention blocks' worth of rank 4: 5.8 M (diffusers, train_text_to_image_lora_sdxl); by size.
        return rank * 0.56e6 * denoiser.billions
    return rank * 2 * denoiser.hidden * 4 * denoiser.layers


def _state(
    workload: Workload, weights: Weights, trained: float, division: Division, *, full: bool
) -> tuple[Part, ...]:
    """Gradients, where all GPUs sum them up, and moments; of adapters, their weights too."""
    if not full:
        size = trained * (4 + weights.gradients + weights.moments) / GIB
        rank = workload.lora_rank or RANK
        why = f"rank {rank}: {trained / 1e6:.0f} M × {4 + weights.gradients + weights.moments:g} bytes"
        return (Part("adapters", 0.5 * size, size, 2 * size + 0.2, why),)
    gradients = trained * weights.gradients / division.gradients
    moments = 0.0 if division.optimizer_on_host else trained * weights.moments / division.optimizer
    summed = _sized("DDP buckets", gradients if division.buckets else 0.0, "every gradient once more")
    return (
        *_sized("gradients", gradients, f"{weights.gradients:g} bytes a parameter"),
        *(part._replace(low=0.0) for part in summed),
        *_sized("optimizer", moments, f"{weights.moments:g} bytes a parameter"),
    )


def _sized(name: str, size: float, why: str) -> tuple[Part, ...]:
    gib = size / GIB
    return (Part(name, 0.95 * gib, gib, 1.05 * gib, why),) if size else ()


def _all_encoders(pipeline: Pipeline, training: Training) -> Part:
    width = 4 if training.all_32_bit else 2
    size = pipeline.text_encoders * 1e9 * width / GIB
    return Part("text encoders", 0.0, size, 1.03 * size, f"{pipeline.text_encoders:g} B × {8 * width} bits")


def _encoders(workload: Workload, pipeline: Pipeline) -> tuple[Part, ...]:
    """Text encoders beside the denoiser: there for each batch has its texts, where the trainer does not encode them
    beforehand. With one prompt for all pictures current scripts of diffusers drop them; those up to 0.31 did not."""
    billions = pipeline.text_encoders
    if not billions or (workload.caches_text and not workload.trains_text_encoder):
        return ()
    training = engine_of(workload.engine).training
    stays = workload.trains_text_encoder or workload.caches_text is False or training.keeps_encoders
    size = billions * 1e9 * (4 if workload.trains_text_encoder or training.all_32_bit else 2) / GIB
    why = f"{billions:g} B; gone where texts are encoded beforehand"
    return (Part("text encoders", 0.0, size if stays else 0.0, 1.03 * size, why),)


def smallest(workload: Workload, pipeline: Pipeline, extent: Extent) -> Extent:
    """The least that a step of a video model may take where its data are not seen: files of data say how large and
    how long clips are, and many hold single pictures."""
    if pipeline.frames == 1:
        return extent
    width, height, frames = extent.width, extent.height, extent.frames
    if not (workload.width or workload.height):
        width, height = min(width, SMALL), min(height, SMALL)
    return extent._replace(width=width, height=height, frames=frames if workload.sequence else 1)


def checkpoints(workload: Workload) -> bool:
    """Whether activations are computed again instead of kept: as said; else not in scripts whose flag turns it on,
    and in all others."""
    if workload.gradient_checkpointing is not None:
        return workload.gradient_checkpointing
    return not engine_of(workload.engine).training.keeps_activations


def _activations(
    workload: Workload, pipeline: Pipeline, extent: Extent, weights: Weights, *, full: bool
) -> Part:
    """What the forward pass keeps: all, or the input of each block and twice what one block keeps."""
    denoiser = pipeline.denoiser
    tokens = pipeline.tokens(extent.width, extent.height, extent.frames) * extent.many
    each = denoiser.kept * (WHOLE if full and not denoiser.unet else 1.0)
    cast = AUTOCAST if workload.precision != "bf16" and not denoiser.unet else 1.0
    training = engine_of(workload.engine).training
    sixteen = weights.bits <= 16 or workload.precision == "amp" or training.all_32_bit
    width = 2.0 if sixteen else 4.0
    whole = denoiser.layers * each * cast
    eager = training.keeps_scores_before
    if eager and before(workload.engine_version, eager):
        whole += denoiser.scores * pipeline.tokens(extent.width, extent.height, 1) / denoiser.hidden
    low, expected, high = 0.8 * whole, whole, 1.25 * whole
    if checkpoints(workload):
        if denoiser.unet:
            low, expected, high = (share * whole for share in U_NET_CHECKPOINTED)
        else:
            expected = denoiser.layers + 2 * each * cast
            low, high = 0.7 * expected, 2 * expected
    gib = tokens * denoiser.hidden * width / GIB
    why = f"{tokens:,.0f} tokens × {denoiser.hidden} wide × {expected:,.0f} kept × {width:g} bytes"
    return Part("activations", low * gib, expected * gib, high * gib, why)


def _reserved(kept: Part) -> Part:
    return fragments(kept, RESERVED, "activations and gradients")
