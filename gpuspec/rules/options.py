"""Options that several rules have."""

from __future__ import annotations

from gpuspec.lint import Option


def amount(name: str, default: float, help: str, *, least: float = 0.0, most: float | None = None) -> Option:
    """A number, from 0 up unless said otherwise."""
    return Option(name, float, default, help, minimum=least, maximum=most)


def share(name: str, default: float, help: str, *, least: float = 0.0, most: float = 1.0) -> Option:
    """A share of a whole."""
    return amount(name, default, help, least=least, most=most)


def min_saving(default: float, of: str = "price") -> Option:
    """How much must be saved for the rule to report it."""
    return share("min_saving", default, f"Least share of the {of} that must be saved.", least=0.01, most=0.99)


def min_speed(default: float) -> Option:
    """How fast the cheaper machine must be for the rule to suggest it."""
    return share("min_speed", default, "Least share of the speed that the cheaper machine must keep.")


def least_saving() -> Option:
    """How many dollars must be saved for the rule to report it."""
    return amount(
        "least_saving", 0.3, "Least dollars that must be saved for each hour that the machine runs."
    )
