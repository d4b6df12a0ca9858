"""Linting: what a rule is and may ask, and what runs rules. The names below are what a rule's file imports.

They load on first use: most of lint knows no Facts.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gpuspec.lint.facts import Facts
    from gpuspec.lint.finding import Confidence, Finding, Fix, Related, Replace, Saving
    from gpuspec.lint.rule import Option, Rule
    from gpuspec.text import Edit

__all__ = ["Confidence", "Edit", "Facts", "Finding", "Fix", "Option", "Related", "Replace", "Rule", "Saving"]

_HOME = {
    "Edit": "gpuspec.text",
    "Facts": "gpuspec.lint.facts",
    "Option": "gpuspec.lint.rule",
    "Rule": "gpuspec.lint.rule",
}


def __getattr__(name: str) -> object:
    if name not in __all__:
        raise AttributeError(f"module 'gpuspec.lint' has no attribute {name!r}")
    from importlib import import_module

    found: object = getattr(import_module(_HOME.get(name, "gpuspec.lint.finding")), name)
    globals()[name] = found  # fifty rules ask for the same
    return found
