"""The hooks: GPUs, models and machines from `gpuspec-fleet.toml`, jobs on them, and downloads by rsync."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from gpuspec import DownloadStrategy, Gpu, Model, Offer, PriceSource, hookimpl

if TYPE_CHECKING:
    from gpuspec.launch import Launcher


@hookimpl
def gpuspec_gpus() -> list[Gpu]:
    from gpuspec_fleet.fleet import fleet

    return fleet().gpus


@hookimpl
def gpuspec_models() -> list[Model]:
    from gpuspec_fleet.fleet import fleet

    return fleet().models


@hookimpl
def gpuspec_offers() -> list[tuple[PriceSource, list[Offer]]]:
    from gpuspec_fleet.fleet import fleet

    return fleet().prices


@hookimpl
def gpuspec_launchers() -> dict[str, Callable[[], Launcher]]:
    from gpuspec_fleet.launcher import launcher

    return {"fleet": launcher}


@hookimpl
def gpuspec_download_strategies() -> dict[str, DownloadStrategy]:
    from gpuspec_fleet.rsync import RSYNC

    return {"rsync": RSYNC}
