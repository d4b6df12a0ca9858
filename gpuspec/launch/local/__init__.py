"""This machine as a launcher: the same job, in place, for trying a spec before renting anything."""

from gpuspec.launch.launcher import Launcher
from gpuspec.launch.local.local_launcher import LocalLauncher


def launcher() -> Launcher:
    """What `run --on local` asks."""
    return LocalLauncher()
