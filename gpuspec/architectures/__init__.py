"""From a model's config.json to its structure: weights, layers, what is remembered of a text."""

from gpuspec.architectures.config import Unsaid
from gpuspec.architectures.parts import Architecture, Cache, Layer, Weight
from gpuspec.architectures.read import read_architecture

__all__ = ["Architecture", "Cache", "Layer", "Unsaid", "Weight", "read_architecture"]
