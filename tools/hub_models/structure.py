"""A structure that was read from a config, and what a repository is taken for."""

from __future__ import annotations

from typing import NamedTuple

from gpuspec.architectures.parts import TOWERS, Architecture, Weight
from tools.hub_models.stored_counts import Sums


class Structure(NamedTuple):
    """A structure that was read, and its sums."""

    architecture: Architecture
    sums: Sums
    key: str
    beside: int = 0
    """Elements of a tower that no config describes."""
    bare: bool = False
    """Whether the repository leaves out the towers of its config."""
    real: bool = False
    """Whether it is that of a real config, as it stands."""
    borrowed: bool = False
    """Whether its tower is that of another model of its family: so it is only if the count is exactly theirs."""
    may_have_window: bool = False
    """Whether its layers may see a window alone: they are read as if they saw the whole text."""

    @property
    def parameters(self) -> int:
        """All of them."""
        return (self.sums.text if self.bare else self.sums.parameters) + self.beside

    def whole(self) -> Architecture:
        """The architecture with the towers that the repository has."""
        if not self.beside and not self.bare:
            return self.architecture
        outside = [weight for weight in self.architecture.outside if weight.part not in TOWERS]
        if self.beside:
            outside.append(Weight("visual", "vision", self.beside, linear=False))
        return self.architecture._replace(outside=tuple(outside))


class Choice(NamedTuple):
    """What a repository is taken for."""

    structure: Structure | None
    unsure: str = ""
    has_scales: bool = False
