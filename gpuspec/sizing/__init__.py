"""How much memory a workload needs and how fast it can go. Knows no prices.

What estimates is loaded on first use: most specs name no model, and lint starts at every commit."""

from typing import TYPE_CHECKING, Any

from gpuspec.sizing.memory import Fit, Need, Part, Phase, Unsized

if TYPE_CHECKING:
    from gpuspec.sizing.estimate import need
    from gpuspec.sizing.fitting import fit, usable

__all__ = ["Fit", "Need", "Part", "Phase", "Unsized", "fit", "need", "usable"]

_HOME = {"need": "estimate", "fit": "fitting", "usable": "fitting"}


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    found = getattr(import_module(f"gpuspec.sizing.{_HOME[name]}"), name)
    globals()[name] = found
    return found
