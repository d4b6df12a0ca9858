"""HTML made of values: whatever is not markup already is escaped, and without invisible characters, so that
forgetting to is not possible."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape

from gpuspec.printable import one_line
from gpuspec.words import percent, shortened

LONGEST = 200
"""Characters of a name, a path or a message that are shown: what is longer is somebody's joke."""


class Html(str):
    """Text that is markup already."""

    __slots__ = ()


NOTHING = Html("")
EMPTY = frozenset({"br", "meta", "col"})
"""Elements that have no end."""


def tag(name: str, /, *inside: str, **attributes: str | None) -> Html:
    """An element. `class_` is its class, `aria_label` its aria-label; an attribute that is None or "" is left out."""
    said = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{escape(one_line(value))}"'
        for key, value in attributes.items()
        if value
    )
    if name in EMPTY:
        return Html(f"<{name}{said}>")
    return Html(f"<{name}{said}>{joined(inside)}</{name}>")


def joined(parts: Iterable[str], between: str = "") -> Html:
    """Parts one after the other, those escaped that are plain text."""
    return Html(between.join(each if isinstance(each, Html) else escape(one_line(each)) for each in parts))


def foreign(text: str, most: int = LONGEST) -> Html:
    """What a file says, in one line, shortened, and kept apart from the direction of the text around it."""
    return tag("bdi", shortened(" ".join(text[: 4 * most].split()), most))


def length(share: float) -> str:
    """A share of a place as SVG and style sheets write it: `62.5%`."""
    return f"{100 * share:.3f}".rstrip("0").rstrip(".") + "%"


def part(amount: float, whole: float) -> str:
    """`41 %`, `< 1 %`: a share in words; "" of nothing."""
    if not whole:
        return ""
    return "< 1 %" if 0 < amount < 0.005 * whole else percent(amount / whole)


def counted(jobs: int) -> str:
    """`1 job`, `1,200 jobs`."""
    return f"{jobs:,} job{'s' * (jobs != 1)}"
