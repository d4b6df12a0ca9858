"""Which launchers there are: our own, a folder each beside this file, and those that plugins bring."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from importlib import import_module
from typing import Any

from gpuspec.errors import UserError
from gpuspec.launch.launcher import Launcher

OWN = {
    "skypilot": ("skypilot.skypilot_launcher", "SkyPilotLauncher"),
    "local": ("local.local_launcher", "LocalLauncher"),
}
"""Name for `run --on` → the module of this folder, and the class."""

replaced: dict[str, Callable[[], Launcher]] = {}
"""Launchers of a test (`gpuspec.testing.fake_launcher`), in the place of those of the same name."""


def _import(name: str) -> Launcher:
    module, kind = OWN[name]
    made: Launcher = getattr(import_module(f"gpuspec.launch.{module}"), kind)()
    return made


def gpuspec_launchers() -> dict[str, Callable[[], Launcher]]:
    """Our own launchers, through the hook that any plugin's come through; each is imported when it is asked for."""
    return {name: partial(_import, name) for name in OWN}


def launchers() -> dict[str, Callable[[], Launcher]]:
    """Name for `run --on` → what makes the launcher: our own, then those of plugins; a name that is taken is
    refused."""
    from gpuspec.launch.plugin_launcher import guarded
    from gpuspec.plugin.merge import merged

    found = merged("gpuspec_launchers", gpuspec_launchers(), _fault, what="launcher", keep=guarded)
    return {**found, **replaced}


def _fault(name: Any, make: Any) -> str | None:
    if not isinstance(name, str) or not name or not callable(make):
        return f"{name!r:.60} is no name with a function"
    return None


def launcher_maker(name: str) -> Callable[[], Launcher]:
    """What makes the launcher called `name`. UserError where there is none; no plugin is asked for our own."""
    own = {**gpuspec_launchers(), **replaced}
    if name in own:
        return own[name]
    found = launchers()
    if name not in found:
        from difflib import get_close_matches

        near = get_close_matches(name, found, n=1)
        meant = f"did you mean {near[0]}? " if near else ""
        known = ", ".join(sorted(found))
        raise UserError(
            "unknown-launcher", f"there is no launcher {name!r}", f"{meant}choose one of: {known}"
        )
    return found[name]


def find_launcher(name: str) -> Launcher:
    """The launcher called `name`. UserError where there is none, or where that of a plugin cannot be made."""
    return launcher_maker(name)()
