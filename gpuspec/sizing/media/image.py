"""Memory of image and video models at work: encode, denoise, decode. Training stands in `adapt`."""

from __future__ import annotations

from collections.abc import Iterator

from gpuspec.engines import USUAL_FOR_IMAGES, engine_of
from gpuspec.engines.engine import TORCH
from gpuspec.quantization import bits_of
from gpuspec.sizing.media.adapt import adapt
from gpuspec.sizing.media.components import Encoder, Pipeline
from gpuspec.sizing.media.passes import Extent, decode, denoise, encode_text, fragments
from gpuspec.sizing.media.pipelines import pipeline_of
from gpuspec.sizing.memory import GIVE_PARAMS, Need, Part, Phase, Unsized, unknown_scheme
from gpuspec.sizing.runtime import runtime
from gpuspec.sizing.weights import GIB
from gpuspec.workload import Workload

LEAF_GIB = (0.05, 0.3, 1.1)
"""The largest matrix that sequential offload brings at a time: T5's embedding 0.25 GiB, Llama's 1.0."""
MATRIX_GIB = 0.1
"""A matrix of a denoiser in 16 bit: FLUX.1's largest is 3,072 × 15,360."""


def image(workload: Workload, gpus: int) -> Need | Unsized:
    """Need of an image or video pipeline, serving or training."""
    video = workload.modality == "video"
    name = workload.model_name or (workload.model.id if workload.model else "the model")
    pipeline = pipeline_of(name, workload.model, workload.params_b, video)
    if pipeline is None:
        return Unsized(f"the components of {name} are not known; give model.params_b (billions)", GIVE_PARAMS)
    scheme = workload.quantization or workload.dtype or "bf16"
    bits = bits_of(scheme)
    if bits is None:
        return unknown_scheme(scheme)
    extent = extent_of(workload, pipeline)
    if workload.task == "train" or workload.method:
        return adapt(workload, pipeline, extent, bits, gpus)
    return _serving(workload, pipeline, extent, bits, gpus)


def extent_of(workload: Workload, pipeline: Pipeline) -> Extent:
    """What is made at once: the pipeline's own size, frames and one sample unless told otherwise."""
    return Extent(
        workload.width or pipeline.width,
        workload.height or pipeline.height,
        workload.sequence or pipeline.frames if workload.modality == "video" else 1,
        workload.batch or workload.users or workload.concurrency or 1,
    )


def _serving(workload: Workload, pipeline: Pipeline, extent: Extent, bits: float, gpus: int) -> Need:
    """Encode, denoise, decode. Each component that is not offloaded is there all the time."""
    computes = max(bits, 16.0)
    passes = {
        "encoding": encode_text(),
        "denoising": denoise(pipeline, extent, computes),
        "decoding": decode(pipeline, extent, computes, tiles=_tiles(workload, pipeline)),
    }
    needs = {"encoding": "text encoders", "denoising": "denoiser", "decoding": "VAE"}
    components = {part.name: part for part in _components(workload, pipeline, bits, gpus)}
    beside = runtime(TORCH, (0.05, 0.1, 0.3), gpus)
    phases = [Phase("loading", (*_loaded(workload, pipeline, bits), *beside))] if _loads_all(workload) else []
    for name, work in passes.items():
        held = [_at(workload, part, at_work=part.name == needs[name]) for part in components.values()]
        parts = [part for part in held if part is not None]
        if workload.cpu_offload and name == "denoising" and pipeline.denoiser.experts > 1:
            parts = [_one_of(part, pipeline.denoiser.experts) for part in parts]
        phases.append(Phase(name, (*parts, work, fragments(work), *beside)))
    engine = engine_of(workload.engine or USUAL_FOR_IMAGES)
    assumptions = _assumed(workload, pipeline, extent)
    return Need(tuple(phases), gpus, engine.name, assumptions, "medium" if pipeline.known else "low")


def _loads_all(workload: Workload) -> bool:
    """Whether components stand on the GPU together while they are loaded, though they take turns later."""
    return (
        bool(workload.cpu_offload)
        and not workload.loaded_on_host
        and workload.quantization in _made_on_gpu(workload)
    )


def _made_on_gpu(workload: Workload) -> frozenset[str]:
    return engine_of(workload.engine or USUAL_FOR_IMAGES).quantizing.encoders_too


def _loaded(workload: Workload, pipeline: Pipeline, bits: float) -> Iterator[Part]:
    """What bitsandbytes quantizes it puts on the GPU, one component after another, unless a `device_map` says
    otherwise; components go to the host when all are there. The least is that one does.

    Source: diffusers 0.42, bnb_quantizer.py, and transformers 5.24, quantizer_bnb_4bit.py: update_device_map."""
    together = workload._replace(cpu_offload=None)
    denoiser, encoders, _ = _components(together, pipeline, bits, 1)
    yield denoiser
    yield encoders._replace(low=0.0)
    yield Part("activations", 0.0, MATRIX_GIB, MATRIX_GIB, "a matrix in 16 bit, before it is quantized")


def _assumed(workload: Workload, pipeline: Pipeline, extent: Extent) -> tuple[str, ...]:
    said = [f"{extent.words} at once"]
    if workload.cpu_offload == "sequential":
        said.append("one layer at a time is on the GPU (sequential CPU offload)")
    elif workload.cpu_offload:
        said.append("components take turns on the GPU (model CPU offload)")
    else:
        said.append("all components stay on the GPU")
    said.append("the VAE decodes " + ("in tiles" if _tiles(workload, pipeline) else "all at once"))
    if not pipeline.known:
        said.append("its components are guessed from its size")
    return tuple(said)


def _tiles(workload: Workload, pipeline: Pipeline) -> bool:
    """Whether the VAE decodes in tiles: as asked for, else as the pipeline does."""
    return pipeline.vae.tiles if workload.tiles_vae is None else workload.tiles_vae


def _at(workload: Workload, part: Part, *, at_work: bool) -> Part | None:
    """A component in a phase: there, gone to the host, or one layer of it at a time."""
    if not workload.cpu_offload:
        # Scripts that make videos let components take turns more often than not, and no flag says so.
        return part if at_work or workload.modality != "video" else part._replace(low=0.0)
    if not at_work:
        return None
    if workload.cpu_offload == "sequential":
        low, expected, high = (min(leaf, part.expected) for leaf in LEAF_GIB)
        return part._replace(low=low, expected=expected, high=high, why="the largest layer of it")
    return part


def _one_of(part: Part, experts: int) -> Part:
    if part.name != "denoiser":
        return part
    each = {field: getattr(part, field) / experts for field in ("low", "expected", "high")}
    return part._replace(**each, why=f"one of {experts}: {part.why}")


def _components(workload: Workload, pipeline: Pipeline, bits: float, gpus: int) -> list[Part]:
    """Denoiser, text encoders and VAE, as each GPU holds them."""
    shared = _shared_by(workload, gpus)
    over = f", over {shared} GPUs" if shared > 1 else ""
    billions = pipeline.denoiser.billions
    size = billions * 1e9 * bits / 8 / GIB
    spread = (0.98, 1.03) if pipeline.known else (0.9, 1.15)
    why = f"{billions:g} B parameters × {bits:g} bits{over}"
    low, high = spread
    parts = [Part("denoiser", low * size / shared, size / shared, high * size / shared, why)]
    encoders = text_encoders(workload, pipeline, bits)
    parts.append(encoders._replace(low=encoders.low / shared))
    width = 8 * pipeline.vae.bytes_each(bits)
    vae = pipeline.vae.billions * 1e9 * width / 8 / GIB
    parts.append(Part("VAE", vae / shared, vae, 1.1 * vae, f"{pipeline.vae.billions:g} B × {width} bits"))
    return parts


def text_encoders(workload: Workload, pipeline: Pipeline, bits: float) -> Part:
    """The text encoders. Quantizing the denoiser leaves them in 16 bit, but for schemes that the engine makes of all
    of a pipeline while it loads; a share of them stays in 16 bit even then.

    Under model offload they come one after another."""
    whole = 32.0 if bits > 16 else float(pipeline.encoder_bits)
    quantized = workload.quantization in _made_on_gpu(workload)
    few = min(bits, 16.0)

    def gib(encoder: Encoder, width: float) -> float:
        kept = encoder.kept if width < 16 else 0.0
        return encoder.billions * 1e9 * (kept * 16 + (1 - kept) * width) / 8 / GIB

    def most(width: float) -> float:
        sizes = [gib(encoder, width) for encoder in pipeline.encoders] or [0.0]
        return max(sizes) if workload.cpu_offload else sum(sizes)

    expected = most(few) if quantized else most(whole)
    low = most(few) if quantized or workload.quantization else most(min(whole, 16.0))
    share = (0.95, 1.03) if pipeline.known else (0.6, 1.5)
    width = few if quantized else whole
    why = f"{' + '.join(f'{each.billions:g}' for each in pipeline.encoders) or 0} B × {width:g} bits"
    return Part(
        "text encoders", share[0] * min(low, expected), expected, share[1] * max(expected, most(16)), why
    )


def _shared_by(workload: Workload, gpus: int) -> int:
    """GPUs that divide the denoiser between them. Whether they divide the other components, no flag says: the least
    is that they do. Sequence parallelism (Ulysses, ring) divides no weights.

    Source: vLLM-Omni docs, diffusion parallelism (tensor parallel, HSDP)."""
    if (workload.sharding or "").startswith(("fsdp", "zero3")):
        return gpus
    return min(workload.tensor_parallel or 1, gpus)
