"""The tasks of a job, and amounts as people write them. One place, so that every message, table and page agrees."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

Task = Literal["serve", "batch", "train", "interactive"]

By = Literal["hour", "job", "token"]
"""What machines are compared by: dollars an hour, for the job, for a million tokens."""

HOURS_PER_MONTH = 730
"""8,760 hours a year ÷ 12."""


def dollars(amount: float) -> str:
    """`$0.34`, `$12.50`, `$1,131`: cents below 100 dollars, whole dollars above."""
    return f"${amount:,.2f}" if abs(amount) < 99.995 else f"${amount:,.0f}"


def gib(amount: float) -> str:
    """`0.6 GiB`, `37.2 GiB`, `131 GiB`."""
    return f"{amount:.1f} GiB" if amount < 99.95 else f"{amount:,.0f} GiB"


def listed(names: Sequence[str], most: int) -> str:
    """`us-east-1, us-east-2 and 24 more`: as many names as `most`, and how many are left."""
    left = len(names) - most
    return f"{', '.join(names[:most])} and {left} more" if left > 0 else ", ".join(names)


def shortened(text: str, most: int) -> str:
    """A text of at most so many characters; "…" stands for what is cut off."""
    return text if len(text) <= most else text[: most - 1] + "…"


def percent(share: float) -> str:
    """`88 %` of 0.877; what is not quite all is `99 %`."""
    return f"{min(share * 100, 99) if 0.99 < share < 1 else share * 100:.0f} %"


def span_of_gib(low: float, high: float) -> str:
    """`37.2–41.0 GiB`, or one number where both round alike."""
    left, right = gib(low), gib(high)
    return left if left == right else f"{left.removesuffix(' GiB')}–{right}"


def figure(amount: float, digits: int = 3) -> str:
    """`1,000,000`, `1,153`, `82.4`, `0.0213`, `0.000028`: so many digits of what is small, and never an exponent."""
    if abs(amount) >= 10 ** (digits - 1):
        return f"{amount:,.0f}"
    small = f"{amount:.{digits}g}"
    power = small.partition("e-")[2]
    return f"{amount:.{int(power) + digits - 1}f}".rstrip("0") if power else small
