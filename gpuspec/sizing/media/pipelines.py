"""Pipelines: the components of image and video models, as their repositories on the hub hold them."""

from typing import NamedTuple

from gpuspec.catalog import Model


class Pipeline(NamedTuple):
    """Components in billions of parameters. `denoiser` is the U-Net or transformer that training adapts;
    `hidden` its width; `active` the share of it on the GPU at a time (Wan 2.2 holds two experts)."""

    denoiser: float
    text_encoders: float
    vae: float
    hidden: int
    width: int
    height: int
    frames: int
    unet: bool = False
    known: bool = True


# Sizes of the safetensors files on the hub ÷ bytes per parameter; resolutions from the model cards.
# Source: the model cards and safetensors indexes, 2025-11.
PIPELINES = {
    "sd-1": Pipeline(0.860, 0.123, 0.084, 1280, 512, 512, 1, True),
    "sd-2": Pipeline(0.866, 0.340, 0.084, 1280, 768, 768, 1, True),
    "sdxl": Pipeline(2.567, 0.818, 0.084, 1280, 1024, 1024, 1, True),
    "sd3.5-medium": Pipeline(2.47, 5.58, 0.084, 1536, 1024, 1024, 1),
    "sd3.5-large": Pipeline(8.06, 5.58, 0.084, 2432, 1024, 1024, 1),
    "flux.1": Pipeline(11.9, 4.88, 0.084, 3072, 1024, 1024, 1),
    "flux.2-klein-9b": Pipeline(9.0, 8.2, 0.084, 4096, 1024, 1024, 1),
    "flux.2-klein-4b": Pipeline(4.0, 4.0, 0.084, 3072, 1024, 1024, 1),
    "flux.2": Pipeline(32.0, 24.0, 0.084, 6144, 1024, 1024, 1),
    "qwen-image": Pipeline(20.4, 8.3, 0.127, 3072, 1328, 1328, 1),
    "z-image": Pipeline(6.15, 4.0, 0.084, 3840, 1024, 1024, 1),
    "cogvideox-2b": Pipeline(1.69, 4.76, 0.216, 1920, 720, 480, 49),
    "cogvideox-5b": Pipeline(5.57, 4.76, 0.216, 3072, 720, 480, 49),
    "wan2.1-t2v-1.3b": Pipeline(1.42, 5.68, 0.127, 1536, 832, 480, 81),
    "wan2.2-ti2v-5b": Pipeline(5.0, 5.68, 0.70, 3072, 1280, 704, 121),
    "wan2": Pipeline(14.3, 5.68, 0.127, 5120, 1280, 720, 81),
    "hunyuanvideo-1.5": Pipeline(8.3, 8.3, 0.25, 2048, 1280, 720, 121),
    "hunyuanvideo": Pipeline(12.8, 8.15, 0.25, 3072, 1280, 720, 129),
    "ltx-video-13b": Pipeline(13.0, 4.76, 0.4, 4096, 1216, 704, 121),
    "ltx-video": Pipeline(1.92, 4.76, 0.4, 2048, 768, 512, 121),
    "mochi": Pipeline(10.03, 4.76, 0.46, 3072, 848, 480, 85),
}
"""Prefix of the catalogue's id → components; the longest matching prefix counts."""


def pipeline_of(name: str, model: Model | None, params_b: float | None, video: bool) -> Pipeline | None:
    """The components of a model, from the table, else guessed from its size: a 4.8 B text encoder, which
    is what most carry. None where not even the size is known."""
    key = (model.id if model else name).split("/")[-1].lower()
    found = max((prefix for prefix in PIPELINES if key.startswith(prefix)), key=len, default=None)
    if found:
        return PIPELINES[found]
    size = (model.params_b if model else None) or params_b
    if not size:
        return None
    frames, width, height = (81, 832, 480) if video else (1, 1024, 1024)
    beside = _stated(model)
    encoders = beside if beside is not None else 4.8 if size > 2 else 0.8
    vae = ((model.components if model else None) or {}).get("vae_b") or 0.1
    return Pipeline(size, encoders, vae, 3072, width, height, frames, known=beside is not None)


def _stated(model: Model | None) -> float | None:
    """Billions of parameters of the text encoders the catalogue lists, None where it lists none."""
    parts = (model.components if model else None) or {}
    encoders = {
        name: size for name, size in parts.items() if size and name.startswith(("t5", "clip", "text"))
    }
    return sum(in_billions(name, size) for name, size in encoders.items()) or None


def in_billions(component: str, size: float) -> float:
    """Billions of parameters of a component as the catalogue lists it: half as many as GB in 16 bit."""
    return size / 2 if component.endswith("_gb_bf16") else size
