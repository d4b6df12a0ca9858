"""gpuspec: lint, price, plan and launch GPU jobs.

The names below are the public, versioned surface (see docs/plugins/). They load on first use,
because `gpuspec lint` starts at every commit and must not pay for what it does not use.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gpuspec.catalog import Gpu as Gpu
    from gpuspec.catalog import HeldBack as HeldBack
    from gpuspec.catalog import Model as Model
    from gpuspec.catalog import Offer as Offer
    from gpuspec.catalog import PriceSource as PriceSource
    from gpuspec.engines import Engine as Engine
    from gpuspec.engines import Tool as Tool
    from gpuspec.errors import UserError as UserError
    from gpuspec.job import Job as Job
    from gpuspec.job.strategies import DownloadStrategy as DownloadStrategy
    from gpuspec.lint.facts import Facts as Facts
    from gpuspec.lint.finding import Finding as Finding
    from gpuspec.lint.finding import Fix as Fix
    from gpuspec.lint.finding import Related as Related
    from gpuspec.lint.finding import Saving as Saving
    from gpuspec.lint.result import Report as Report
    from gpuspec.lint.rule import Option as Option
    from gpuspec.lint.rule import Rule as Rule
    from gpuspec.planning.plan import Plan as Plan
    from gpuspec.plugin.installed_catalog import resolve_gpu as resolve_gpu
    from gpuspec.plugin.installed_catalog import resolve_model as resolve_model
    from gpuspec.plugin.load import hookimpl as hookimpl
    from gpuspec.sizing import Fit as Fit
    from gpuspec.sizing import Need as Need
    from gpuspec.text import Edit as Edit
    from gpuspec.version import __version__ as __version__
    from gpuspec.workload import Workload as Workload

_HOME = {
    "DownloadStrategy": "gpuspec.job.strategies",
    "Edit": "gpuspec.text",
    "Engine": "gpuspec.engines",
    "Facts": "gpuspec.lint.facts",
    "Finding": "gpuspec.lint.finding",
    "Fit": "gpuspec.sizing",
    "Fix": "gpuspec.lint.finding",
    "Gpu": "gpuspec.catalog",
    "HeldBack": "gpuspec.catalog",
    "Job": "gpuspec.job",
    "Model": "gpuspec.catalog",
    "Need": "gpuspec.sizing",
    "Offer": "gpuspec.catalog",
    "Option": "gpuspec.lint.rule",
    "Plan": "gpuspec.planning.plan",
    "PriceSource": "gpuspec.catalog",
    "Related": "gpuspec.lint.finding",
    "Report": "gpuspec.lint.result",
    "Rule": "gpuspec.lint.rule",
    "Saving": "gpuspec.lint.finding",
    "Tool": "gpuspec.engines.tool",
    "UserError": "gpuspec.errors",
    "Workload": "gpuspec.workload",
    "__version__": "gpuspec.version",
    "hookimpl": "gpuspec.plugin.load",
    "resolve_gpu": "gpuspec.plugin.installed_catalog",
    "resolve_model": "gpuspec.plugin.installed_catalog",
}

__all__ = list(_HOME)


def __getattr__(name: str) -> object:
    home = _HOME.get(name)
    if home is None:
        raise AttributeError(f"module 'gpuspec' has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(home), name)
