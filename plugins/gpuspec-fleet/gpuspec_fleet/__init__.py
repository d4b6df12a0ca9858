"""The hooks: GPUs, models and machines from `gpuspec-fleet.toml`, and downloads by rsync."""

from __future__ import annotations

from gpuspec import DownloadStrategy, Gpu, Model, Offer, PriceSource, hookimpl


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
def gpuspec_download_strategies() -> dict[str, DownloadStrategy]:
    from gpuspec_fleet.rsync import RSYNC

    return {"rsync": RSYNC}
