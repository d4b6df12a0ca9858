"""What exists: GPUs, models, offers, each fact with its source and date. Unknown is None, never a guess."""

from gpuspec.catalog.catalog import Added, Catalog
from gpuspec.catalog.gpu import Gpu, GpuMatch
from gpuspec.catalog.model import Model, ModelMatch
from gpuspec.catalog.offer import Offer, PriceSource

__all__ = ["Added", "Catalog", "Gpu", "GpuMatch", "Model", "ModelMatch", "Offer", "PriceSource"]


def gpus() -> tuple[Gpu, ...]:
    """Every GPU of the installed catalogue."""
    from gpuspec.plugin.catalog import installed_catalog

    return installed_catalog().gpus


def models() -> tuple[Model, ...]:
    """Every model of the installed catalogue."""
    from gpuspec.plugin.catalog import installed_catalog

    return installed_catalog().models


def offers(source: str | None = None) -> tuple[Offer, ...]:
    """The offers of the installed catalogue."""
    from gpuspec.plugin.catalog import installed_catalog

    return installed_catalog().offers(source)


def price_sources() -> tuple[PriceSource, ...]:
    """The price sources of the installed catalogue."""
    from gpuspec.plugin.catalog import installed_catalog

    return installed_catalog().price_sources


def resolve_gpu(name: str) -> GpuMatch:
    """What a GPU name means in the installed catalogue."""
    from gpuspec.plugin.catalog import installed_catalog

    return installed_catalog().resolve_gpu(name)


def resolve_model(name: str, *, engine: str | None = None, online: bool = False) -> ModelMatch:
    """What a model name means in the installed catalogue."""
    from gpuspec.plugin.catalog import installed_catalog

    return installed_catalog().resolve_model(name, engine=engine, online=online)
