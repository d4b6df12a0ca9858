"""Scripts that launch jobs: shell, Python, Make, workflows and npm in one form, and the loops in them that launch."""

from gpuspec.scripts.loops import RepeatedLaunch
from gpuspec.scripts.reading import launches

__all__ = ["RepeatedLaunch", "launches"]
