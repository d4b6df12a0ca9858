"""Memory of image and video models: their components, the latents at work, LoRA and full training."""

from __future__ import annotations

from gpuspec.engines import USUAL_FOR_IMAGES, engine_of
from gpuspec.engines.engine import TORCH
from gpuspec.quantization import bits_of
from gpuspec.sizing.media.pipelines import Pipeline, pipeline_of
from gpuspec.sizing.memory import Need, Part, Phase, Unsized, unknown_scheme
from gpuspec.sizing.runtime import runtime
from gpuspec.sizing.weights import GIB
from gpuspec.workload import Workload

GIB_PER_MEGAPIXEL = 4.6
"""Peak over the weights of FLUX.1 and its peers at 1024 × 1024, decoding included. Source: diffusers blog."""
IN_TURN = (0.12, 0.25, 0.6)
"""Share of that which stands beside the denoiser when components take turns: decoding, most of it, waits until the
denoiser has gone. A pass of FLUX.1 over 4,608 tokens keeps some 20 × 4,608 × 3,072 × 2 bytes = 0.5 GiB."""
VAE_BYTES_PER_PIXEL = 26_000
"""A video VAE that decodes without tiling, a few frames at a time (CogVideoX at 720 × 480: 9 GB)."""
BYTES_PER_TOKEN = 94
"""Of a video transformer's pass, per latent token and unit of width (HunyuanVideo: 34 GB at 119 k tokens)."""
TRAIN_GIB_PER_MEGAPIXEL = {"transformer": 3.3, "U-Net": 1.5, "not checkpointed": 15.0}
"""Activations of a training step per megapixel in 16 bit; the first two with gradient checkpointing."""
ENCODE_GIB_PER_MEGAPIXEL = 5.8
"""The VAE encoding training pictures in 16 bit, where latents are not cached beforehand."""


def image(workload: Workload, gpus: int) -> Need | Unsized:
    """Need of an image or video pipeline, serving or training."""
    video = workload.modality == "video"
    name = workload.model_name or (workload.model.id if workload.model else "the model")
    pipeline = pipeline_of(name, workload.model, workload.params_b, video)
    if pipeline is None:
        return Unsized(f"the components of {name} are not known; give model.params_b (billions)")
    scheme = workload.quantization or workload.dtype or "bf16"
    bits = bits_of(scheme)
    if bits is None:
        return unknown_scheme(scheme)
    if workload.task == "train" or workload.method:
        return _training(workload, pipeline, bits, gpus)
    assumptions: list[str] = []
    latents = _latents(workload, pipeline, video)
    shared = _shared_by(workload, gpus)
    parts = [
        *_components(workload, pipeline, bits, assumptions, latents=latents.expected, shared=shared),
        latents,
    ]
    parts.extend(runtime(TORCH, (0.05, 0.1, 0.5), gpus))
    engine = workload.engine or USUAL_FOR_IMAGES
    return Need(
        (Phase("denoising", tuple(parts)),),
        gpus,
        engine,
        tuple(assumptions),
        "medium" if pipeline.known else "low",
    )


def _gib(billions: float, bits: float) -> float:
    return billions * 1e9 * bits / 8 / GIB


def _components(
    workload: Workload,
    pipeline: Pipeline,
    bits: float,
    assumptions: list[str],
    *,
    latents: float,
    shared: int,
) -> list[Part]:
    """Denoiser, text encoders and VAE. Under model offload they take turns: the denoiser with its latents, or
    the text encoders where those are larger; under sequential offload one layer at a time."""
    sizes = {
        "denoiser": (pipeline.denoiser, bits),
        "text encoders": (pipeline.text_encoders, bits if bits < 16 else 16.0),
        "VAE": (pipeline.vae, 16.0),
    }
    turns = bool(workload.cpu_offload) or workload.modality == "video"
    if turns:
        assumptions.append("components take turns on the GPU (model CPU offload)")
    parts = []
    for name, (billions, width) in sizes.items():
        size = stays = _gib(billions, width)
        if workload.cpu_offload == "sequential":
            stays = 0.05 * size
        elif turns and name == "text encoders":
            stays = max(size - _gib(pipeline.denoiser, bits) - latents, 0.0)
        elif turns and name == "VAE":
            stays = 0.0
        high = stays if workload.cpu_offload else size
        divided = shared if name == "denoiser" else 1
        over = f", over {shared} GPUs" if divided > 1 else ""
        why = f"{billions:g} B parameters × {width:g} bits{over}"
        parts.append(Part(name, stays * 0.98 / shared, stays / divided, high * 1.03 / divided, why))
    return parts


def _shared_by(workload: Workload, gpus: int) -> int:
    """GPUs that divide the denoiser between them. Whether they divide the other components, no flag says: the least
    is that they do. Sequence parallelism (Ulysses, ring) divides no weights.

    Source: vLLM-Omni docs, diffusion parallelism (tensor parallel, HSDP)."""
    if (workload.sharding or "").startswith(("fsdp", "zero3")):
        return gpus
    return min(workload.tensor_parallel or 1, gpus)


def _latents(workload: Workload, pipeline: Pipeline, video: bool) -> Part:
    width, height = workload.width or pipeline.width, workload.height or pipeline.height
    many = (workload.batch or workload.concurrency or 1) if not video else 1
    megapixels = width * height / 1e6
    if not video:
        size = GIB_PER_MEGAPIXEL * megapixels * many * (1 if not pipeline.unet else 0.6)
        why = f"{many} image{'s' * (many > 1)} of {width} × {height} × {GIB_PER_MEGAPIXEL} GiB per megapixel"
        low, expected, high = IN_TURN if workload.cpu_offload else (0.4, 1.0, 1.4)
        return Part("activations", low * size, expected * size, high * size, why)
    frames = workload.sequence or pipeline.frames
    tokens = (width / 16) * (height / 16) * ((frames - 1) / 4 + 1)
    moving = tokens * BYTES_PER_TOKEN * pipeline.hidden / GIB
    decoding = width * height * VAE_BYTES_PER_PIXEL / GIB
    size = max(moving, decoding)
    why = (
        f"{tokens:,.0f} latent tokens × {BYTES_PER_TOKEN} × {pipeline.hidden}, or decoding {width} × {height}"
    )
    return Part("activations", 0.3 * size, size, 1.4 * size, why)


def _training(workload: Workload, pipeline: Pipeline, bits: float, gpus: int) -> Need:
    method = workload.method or "full"
    engine = workload.engine or USUAL_FOR_IMAGES
    video = workload.modality == "video"
    plain = engine_of(workload.engine).training.fp32_unets
    scripts = plain and pipeline.unet
    if method == "qlora" and not workload.quantization:
        bits = 4.5
    elif scripts and not workload.dtype and not workload.quantization:
        bits = 32.0  # diffusers' U-Net scripts load 32-bit weights unless told otherwise
    elif plain and workload.quantization == "fp8":
        bits = 16.0  # torchao's fp8 training computes in 8 bit and keeps 16-bit weights
    denoiser = _gib(pipeline.denoiser, bits)
    others = _gib(pipeline.text_encoders + pipeline.vae, max(bits, 16))
    why = f"{pipeline.denoiser:g} B parameters × {bits:g} bits"
    parts = [Part("denoiser", denoiser * 0.98, denoiser, denoiser * 1.03, why)]
    kept = others if video or scripts else 0.0
    parts.append(
        Part("text encoders", 0.0, kept, others, "their outputs are cached beforehand where low is 0")
    )
    parts.append(_state(workload, pipeline, bits, method))
    parts.append(_step(workload, pipeline, bits, video, cached=not scripts and not video))
    parts.extend(runtime(TORCH, (0.05, 0.2, 0.5), gpus))
    return Need((Phase("step", tuple(parts)),), gpus, engine, (), "low")


def _state(workload: Workload, pipeline: Pipeline, bits: float, method: str) -> Part:
    """Gradients and optimizer state: 8 bytes per parameter in all for models made for bf16, 16 for others."""
    if method != "full":
        why = f"LoRA rank {workload.lora_rank or 16}, 16 bytes per parameter"
        return Part("adapters", 0.1, 0.3, 1.5, why)
    pure = workload.precision == "bf16" or (
        workload.model is not None and workload.model.native_dtype == "bf16"
    )
    whole = 8.0 if pure else 16.0
    if "8bit" in (workload.optimizer or "") or "adafactor" in (workload.optimizer or ""):
        whole = 6.0
    size = pipeline.denoiser * 1e9 * max(whole - bits / 8, 0.0) / GIB
    high = max(size, pipeline.denoiser * 1e9 * (16 - bits / 8) / GIB) if whole >= 8 else size * 1.2
    return Part("optimizer", size, size, high, f"{pipeline.denoiser:g} B × {whole:g} bytes in all")


def _step(workload: Workload, pipeline: Pipeline, bits: float, video: bool, *, cached: bool) -> Part:
    width, height = workload.width or pipeline.width, workload.height or pipeline.height
    checkpointing = workload.gradient_checkpointing
    if checkpointing is None:
        checkpointing = cached or video
    kind = "not checkpointed" if not checkpointing else "U-Net" if pipeline.unet else "transformer"
    scale = max(bits, 16) / 16
    frames = ((workload.sequence or pipeline.frames) - 1) / 4 + 1 if video else 1
    megapixels = width * height / 1e6
    per = TRAIN_GIB_PER_MEGAPIXEL[kind] * scale
    batch = workload.batch or 1
    size = per * megapixels * batch * frames
    why = f"{batch} × {width} × {height} × {per:g} GiB per megapixel"
    if not cached:
        encode = width * height * VAE_BYTES_PER_PIXEL / GIB if video else 0.0
        size += encode or ENCODE_GIB_PER_MEGAPIXEL * scale * megapixels * batch
        why += " + encoding the pictures"
    return Part("activations", 0.5 * size, size, 2 * size, why)
