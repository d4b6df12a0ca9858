"""Options that several rules have."""

from __future__ import annotations

from gpuspec.lint import Option


def share(name: str, default: float, help: str) -> Option:
    """A share of a whole, between 0 and 1."""
    return Option(name, float, default, help, minimum=0.0, maximum=1.0)


def min_saving(default: float, of: str = "price") -> Option:
    """How much must be saved for the rule to report it."""
    what = f"Least share of the {of} that must be saved."
    return Option("min_saving", float, default, what, minimum=0.01, maximum=0.99)


def min_speed(default: float) -> Option:
    """How fast the cheaper machine must be for the rule to suggest it."""
    return share("min_speed", default, "Least share of the speed that the cheaper machine must keep.")
