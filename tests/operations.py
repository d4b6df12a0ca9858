"""How much work something is: lines of Python that are run, which are the same on every machine, at any load."""

from __future__ import annotations

import sys
from collections.abc import Callable
from types import FrameType
from typing import Any


def lines_run(work: Callable[[], object]) -> int:
    """The number of lines that a call runs, each turn of a loop or a comprehension counted."""
    count = 0

    def trace(frame: FrameType, event: str, argument: Any) -> Any:
        nonlocal count
        count += event == "line"
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        work()
    finally:
        sys.settrace(before)
    return count


def growth(work: Callable[[int], object], size: int) -> float:
    """How many times the work it is to do twice as much: 2 where it is linear, 4 where it is quadratic. What is done
    once, whatever the size, is left out."""
    work(2)  # what is imported and cached at first use
    once, twice, four = (lines_run(lambda n=n: work(n)) for n in (size, 2 * size, 4 * size))
    return (four - twice) / (twice - once)
