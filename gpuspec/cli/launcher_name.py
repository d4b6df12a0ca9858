"""The value of `run --on`: plugins bring launchers, and are asked only when the names are wanted."""

from __future__ import annotations

from typing import Any

import click


class LauncherName(click.Choice):  # type: ignore[type-arg]  # generic since click 8.2
    """A choice whose names are looked up when they are shown, completed or compared."""

    def __init__(self) -> None:
        super().__init__(())

    @property
    def choices(self) -> tuple[str, ...]:
        """Our own launchers, then those of plugins."""
        from gpuspec.launch.installed_launchers import launchers

        return tuple(launchers())

    @choices.setter
    def choices(self, _: object) -> None:
        """click sets what it was made with."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """The name. UserError `unknown-launcher` for another, with the nearest: told as everywhere else."""
        from gpuspec.launch.installed_launchers import launcher_maker

        launcher_maker(str(value))
        return str(value)
