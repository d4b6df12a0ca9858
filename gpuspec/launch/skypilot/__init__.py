"""The SkyPilot launcher."""

from gpuspec.launch.launcher import Launcher
from gpuspec.launch.skypilot.skypilot_launcher import SkyPilotLauncher


def launcher() -> Launcher:
    """What `run --on skypilot` asks."""
    return SkyPilotLauncher()
