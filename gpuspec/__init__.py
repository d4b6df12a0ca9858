"""gpuspec: lint, price, plan and launch GPU jobs.

The names below are the public, versioned surface (see docs/plugins/). They load on first use,
because `gpuspec lint` starts at every commit and must not pay for what it does not use.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gpuspec.catalog import Gpu, Model, Offer, PriceSource
    from gpuspec.engines import Engine, Tool
    from gpuspec.errors import UserError
    from gpuspec.job import Job
    from gpuspec.job.strategies import DownloadStrategy
    from gpuspec.lint.facts import Facts
    from gpuspec.lint.finding import Edit, Finding, Fix, Related, Saving
    from gpuspec.lint.result import Report
    from gpuspec.lint.rule import Option, Rule
    from gpuspec.planning.plan import Plan
    from gpuspec.plugin.catalog import resolve_gpu, resolve_model
    from gpuspec.plugin.load import hookimpl
    from gpuspec.sizing import Fit, Need
    from gpuspec.version import __version__
    from gpuspec.workload import Workload

_HOME = {
    "DownloadStrategy": "gpuspec.job.strategies",
    "Edit": "gpuspec.lint.finding",
    "Engine": "gpuspec.engines",
    "Facts": "gpuspec.lint.facts",
    "Finding": "gpuspec.lint.finding",
    "Fit": "gpuspec.sizing",
    "Fix": "gpuspec.lint.finding",
    "Gpu": "gpuspec.catalog",
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
    "resolve_gpu": "gpuspec.plugin.catalog",
    "resolve_model": "gpuspec.plugin.catalog",
}

__all__ = [
    "DownloadStrategy",
    "Edit",
    "Engine",
    "Facts",
    "Finding",
    "Fit",
    "Fix",
    "Gpu",
    "Job",
    "Model",
    "Need",
    "Offer",
    "Option",
    "Plan",
    "PriceSource",
    "Related",
    "Report",
    "Rule",
    "Saving",
    "Tool",
    "UserError",
    "Workload",
    "__version__",
    "hookimpl",
    "resolve_gpu",
    "resolve_model",
]


def __getattr__(name: str) -> object:
    home = _HOME.get(name)
    if home is None:
        raise AttributeError(f"module 'gpuspec' has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(home), name)
