"""gpuspec: lint, price, plan and launch GPU jobs.

The names below are the public, versioned surface (see docs/plugins/). They load on first use,
because `gpuspec lint` starts at every commit and must not pay for what it does not use.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

__version__ = "0.1.0"

if TYPE_CHECKING:
    from gpuspec.catalog import Gpu, Model, Offer, PriceSource, resolve_gpu, resolve_model
    from gpuspec.errors import UserError
    from gpuspec.lint.facts import Facts
    from gpuspec.lint.finding import Edit, Finding, Fix, Related, Saving
    from gpuspec.lint.result import Report
    from gpuspec.lint.rule import Option, Rule
    from gpuspec.planning import Plan
    from gpuspec.plugins import hookimpl
    from gpuspec.sizing import Fit, Need
    from gpuspec.spec import Job
    from gpuspec.spec.strategies import DownloadStrategy
    from gpuspec.workload import Workload
    from gpuspec.workload.engines.tool import Tool

_HOME = {
    "DownloadStrategy": "gpuspec.spec.strategies",
    "Edit": "gpuspec.lint.finding",
    "Facts": "gpuspec.lint.facts",
    "Finding": "gpuspec.lint.finding",
    "Fit": "gpuspec.sizing",
    "Fix": "gpuspec.lint.finding",
    "Gpu": "gpuspec.catalog",
    "Job": "gpuspec.spec",
    "Model": "gpuspec.catalog",
    "Need": "gpuspec.sizing",
    "Offer": "gpuspec.catalog",
    "Option": "gpuspec.lint.rule",
    "Plan": "gpuspec.planning",
    "PriceSource": "gpuspec.catalog",
    "Related": "gpuspec.lint.finding",
    "Report": "gpuspec.lint.result",
    "Rule": "gpuspec.lint.rule",
    "Saving": "gpuspec.lint.finding",
    "Tool": "gpuspec.workload.engines.tool",
    "UserError": "gpuspec.errors",
    "Workload": "gpuspec.workload",
    "hookimpl": "gpuspec.plugins",
    "resolve_gpu": "gpuspec.catalog",
    "resolve_model": "gpuspec.catalog",
}

__all__ = [
    "DownloadStrategy",
    "Edit",
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
