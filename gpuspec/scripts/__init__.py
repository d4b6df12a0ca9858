"""Scripts that launch jobs: shell, Python, Make, just, workflows and npm in one form, and what in them launches."""

from gpuspec.scripts.found import RepeatedLaunch
from gpuspec.scripts.reading import Launches, launches

__all__ = ["Launches", "RepeatedLaunch", "launches"]
