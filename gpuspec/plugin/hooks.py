"""The hooks a plugin may implement. None takes an argument; what they return is used by gpuspec, guarded.

docs/plugins/hooks.md has a heading for each. Their names stand in load.py too, which knows none of these types:
whatever asks a plugin imports that module.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gpuspec.catalog import Gpu, Model, Offer, PriceSource
    from gpuspec.engines import Engine, Tool
    from gpuspec.job.strategies import DownloadStrategy
    from gpuspec.launch import Launcher
    from gpuspec.lint.result import Report
    from gpuspec.lint.rule import Rule


def gpuspec_rules() -> Iterable[type[Rule]]:  # type: ignore[empty-body]
    """Rule classes."""


def gpuspec_gpus() -> Iterable[Gpu]:  # type: ignore[empty-body]
    """GPUs, with the names people give them. A name that is taken is refused."""


def gpuspec_models() -> Iterable[Model]:  # type: ignore[empty-body]
    """Models, with their shapes and aliases. An id that is taken is refused."""


def gpuspec_offers() -> Iterable[tuple[PriceSource, Iterable[Offer]]]:  # type: ignore[empty-body]
    """Price sources with what they offer. The shipped prices of a cloud that is named here are set aside."""


def gpuspec_reporters() -> Mapping[str, Callable[[Report], str]]:  # type: ignore[empty-body]
    """Name for `lint --format` → what turns a Report into text."""


def gpuspec_launchers() -> Mapping[str, Callable[[], Launcher]]:  # type: ignore[empty-body]
    """Name for `run --on` → what makes the launcher. A name that is taken is refused."""


def gpuspec_download_strategies() -> Mapping[str, DownloadStrategy]:  # type: ignore[empty-body]
    """Name for `strategy` of a `downloads` entry → how it is fetched. A name that is taken is refused."""


def gpuspec_workload_readers() -> Mapping[tuple[str, ...], Tool]:  # type: ignore[empty-body]
    """How a command begins → what its arguments say of the Workload. A beginning that is taken is refused."""


def gpuspec_engines() -> Iterable[Engine]:  # type: ignore[empty-body]
    """Engines: their programs, memory, port and other traits. A name that is taken is refused."""
