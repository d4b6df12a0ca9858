"""What a model's files weigh on the hub and on disk, before anything is loaded."""

from __future__ import annotations

from gpuspec.catalog import Catalog
from gpuspec.quantization import bits_of
from gpuspec.sizing.media.pipelines import pipeline_of
from gpuspec.sizing.memory import Unsized
from gpuspec.sizing.shape import shape_of
from gpuspec.sizing.weights import GIB, as_stored, weights
from gpuspec.workload import Workload


def bytes_on_disk(name: str, catalog: Catalog) -> float | None:
    """The least that the files of a model take, in bytes: its weights once, in the scheme that its name states or
    it was published in. Quantizing while loading does not make the download smaller. None where the model, or
    the one file meant among several, is not known."""
    match = catalog.resolve_model(name, suggest=False)
    model = match.model
    if model is None:
        return None
    if model.weights_gib and not match.quantization:
        return model.weights_gib * GIB
    if model.weights and not match.quantization:
        return 0.995 * as_stored(model)
    scheme = match.quantization or model.native_dtype or "bf16"
    bits = bits_of(scheme)
    if bits is None:
        return None
    if model.modality in ("image", "video"):
        parts = pipeline_of(name, model, model.params_b, model.modality == "video")
        if parts is None or not parts.known:
            return None
        return (parts.denoiser.billions * bits + (parts.text_encoders + parts.vae.billions) * 16) * 1e9 / 8
    if model.modality != "text":
        return model.params_b * 1e9 * bits / 8 if model.params_b else None
    shape = shape_of(Workload(model=model, params_b=match.params_b))
    return None if isinstance(shape, Unsized) else weights(shape, scheme, drafts=True).low
