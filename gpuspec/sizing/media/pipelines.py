"""Pipelines by the names of models: from the table, else from what the catalogue states, else from the size."""

from collections.abc import Mapping
from typing import Any

from gpuspec.catalog import Model
from gpuspec.sizing.media.components import Denoiser, Encoder, Pipeline, Vae
from gpuspec.sizing.media.known_pipelines import PIPELINES


def pipeline_of(name: str, model: Model | None, params_b: float | None, video: bool) -> Pipeline | None:
    """The components of a model: from the table, else as its repository states them, else guessed from its size: a
    4.8 B text encoder, which is what most carry. None where not even the size is known."""
    key = (model.id if model else name).split("/")[-1].lower()
    found = max(filter(key.startswith, PIPELINES), key=len, default=None)
    if found:
        return PIPELINES[found]
    size = (model.params_b if model else None) or params_b
    if not size:
        return None
    stated = (model.components if model else None) or {}
    encoders = _encoders(stated)
    vae = stated.get("vae_b") or 0.1
    hidden, layers = _shape(size)
    denoiser = Denoiser(size, hidden, layers)
    if "unet_b" in stated:
        denoiser = Denoiser(size, 320, 1, 26.0, 600.0, guided=2, patch=1, unet=True)
    experts = (model.active_params_b if model else None) or 0
    if experts and experts < size:
        denoiser = denoiser._replace(experts=max(round(size / experts), 1))
    return Pipeline(
        denoiser,
        encoders or (Encoder(4.8 if size > 2 else 0.8),),
        Vae(vae, 8, 4, 5000.0, 12.0) if video else Vae(vae),
        832 if video else 1024,
        480 if video else 1024,
        81 if video else 1,
        known=bool(encoders),
    )


def _shape(billions: float) -> tuple[int, int]:
    """(width, layers) of a transformer of a size: a block of width h has some 15 h² parameters, and models are about
    70 times as wide as they are deep (those of the table: 51 to 154)."""
    hidden = (billions * 1e9 * 70 / 15) ** (1 / 3)
    return round(hidden / 128) * 128 or 128, max(round(hidden / 70), 1)


def _encoders(stated: Mapping[str, Any]) -> tuple[Encoder, ...]:
    """The text encoders that the catalogue lists."""
    return tuple(
        Encoder(in_billions(name, size))
        for name, size in stated.items()
        if size and name.startswith(("t5", "clip", "text", "image_encoder"))
    )


def in_billions(component: str, size: float) -> float:
    """Billions of parameters of a component as the catalogue lists it: half as many as GB in 16 bit."""
    return size / 2 if component.endswith("_gb_bf16") else size
