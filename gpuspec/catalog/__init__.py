"""What exists: GPUs, models, offers, each fact with its source and date. Unknown is None, never a guess."""

from gpuspec.catalog.catalog import Added, Catalog
from gpuspec.catalog.gpu import Gpu, GpuMatch
from gpuspec.catalog.model import Model, ModelMatch
from gpuspec.catalog.offer import HeldBack, Offer, PriceSource

__all__ = ["Added", "Catalog", "Gpu", "GpuMatch", "HeldBack", "Model", "ModelMatch", "Offer", "PriceSource"]
