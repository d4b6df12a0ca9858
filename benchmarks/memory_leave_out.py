"""Leave one source out: every fitted constant of the memory model fitted anew without the source it is tried on.

    python benchmarks/memory.py --leave-out [--rows FILE …]

A constant that was tuned to one source shows as a large difference between the two columns, or runs to the end of the
range that is tried, which is named: then nothing else speaks for it.
"""

from __future__ import annotations

import importlib
import statistics
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

from memory_predict import SCORED, Prediction, predict, source_of


class Constant(NamedTuple):
    """A fitted number: an attribute of a module below gpuspec, or a key of a dictionary there."""

    module: str
    attribute: str
    key: str | None = None

    @property
    def name(self) -> str:
        """What the table calls it."""
        return self.attribute + (f"[{self.key}]" if self.key else "")

    def get(self) -> float:
        """Its value now."""
        held = getattr(importlib.import_module(f"gpuspec.{self.module}"), self.attribute)
        return float(held[self.key] if self.key else held)

    def set(self, value: float) -> None:
        """Put another value in its place."""
        module = importlib.import_module(f"gpuspec.{self.module}")
        if self.key:
            getattr(module, self.attribute)[self.key] = value
        else:
            setattr(module, self.attribute, value)


CONSTANTS = (
    Constant("sizing.inference.activations", "HIDDEN_BUFFERS"),
    Constant("sizing.inference.library", "CACHE_GROWTH", "expected"),
    Constant("sizing.training.text", "FRAGMENTED", "expected"),
    Constant("sizing.training.text", "FRAGMENTED_SHARDED", "expected"),
    Constant("sizing.training.backward", "LOGIT_BYTES", "plain"),
    Constant("sizing.training.backward", "LOGIT_BYTES", "chunked"),
    Constant("sizing.media.adapt", "AUTOCAST"),
    Constant("sizing.media.adapt", "WHOLE"),
)
"""Every factor that was fitted to measurements; not what is counted or read in an engine's source."""
SAYS = 0.005
"""By how much of a prediction half as much again of a constant must move it, to have a say in it."""
FACTORS = (0.5, 0.7, 0.85, 0.93, 1.0, 1.07, 1.15, 1.3, 1.6, 2.0)


@contextmanager
def put_back() -> Iterator[None]:
    """Whatever is fitted inside, the constants are as before afterwards."""
    before = [constant.get() for constant in CONSTANTS]
    try:
        yield
    finally:
        for constant, value in zip(CONSTANTS, before, strict=True):
            constant.set(value)


class Fitting:
    """Rows to fit constants to. Which rows a constant has a say in is found out once, and each row is predicted once
    for each set of constants: leaving out one small source tries mostly the same."""

    def __init__(self, rows: list[dict[str, Any]]) -> None:
        self.rows = rows
        self._errors: dict[tuple[int, tuple[float, ...]], float | None] = {}
        self.touched = {constant: self._touched(constant) for constant in CONSTANTS}

    def error(self, number: int) -> float | None:
        """The size of the relative error of a row with the constants as they stand."""
        key = (number, tuple(constant.get() for constant in CONSTANTS))
        if key not in self._errors:
            error = predict(self.rows[number]).error
            self._errors[key] = None if error is None else abs(error)
        return self._errors[key]

    def _touched(self, constant: Constant) -> frozenset[int]:
        value = constant.get()
        found = set()
        for number in range(len(self.rows)):
            before = predict(self.rows[number]).predicted
            constant.set(value * 1.5)
            after = predict(self.rows[number]).predicted
            if before and after and abs(after / before - 1) > SAYS:
                found.add(number)
            constant.set(value)
        return frozenset(found)

    def median(self, numbers: list[int]) -> float:
        """The median error of rows."""
        return statistics.median(error for n in numbers if (error := self.error(n)) is not None)

    def fit(self, constants: list[Constant], without: set[int]) -> list[str]:
        """Fit constants, one after the other, two rounds, to all rows but those: the least mean error, capped at 1 a
        row so that no single row decides. Those that no row speaks of stay; the names of those that ran to an end of
        the range."""
        shipped = {constant: constant.get() for constant in constants}
        ends = []
        for last in (False, True):
            for constant in constants:
                own = sorted(self.touched[constant] - without)
                losses = []
                for factor in FACTORS if own else ():
                    constant.set(shipped[constant] * factor)
                    loss = sum(min(error, 1.0) for n in own if (error := self.error(n)) is not None)
                    losses.append((loss, abs(factor - 1), factor))
                best = min(losses)[2] if losses else 1.0
                constant.set(shipped[constant] * best)
                if last and best in (FACTORS[0], FACTORS[-1]):
                    ends.append(constant.name)
        return ends


def table(rows: list[dict[str, Any]]) -> tuple[str, list[Prediction]]:
    """One line per source: median error with the shipped constants, and with constants fitted without it; and the
    prediction of every row that is scored, by constants which never saw its source."""
    fitting = Fitting([row for row in rows if row.get("quality") in SCORED and row.get("stated_gb")])
    predictions = [predict(row) for row in fitting.rows]
    lines = [
        f"{'source left out':52} {'rows':>4} {'shipped':>8} {'without':>8}  constants that moved (! to the end)"
    ]
    moved = 0
    of_source: dict[str, set[int]] = {}
    for number, row in enumerate(fitting.rows):
        of_source.setdefault(source_of(row), set()).add(number)
    for source, numbers in of_source.items():
        free = [constant for constant in CONSTANTS if fitting.touched[constant] & numbers]
        touched = frozenset[int]().union(*(fitting.touched[constant] for constant in free))
        own = sorted(number for number in numbers & touched if predictions[number].error is not None)
        if not own:
            continue
        moved += len(own)
        with put_back():
            before = {constant: constant.get() for constant in free}
            shipped = fitting.median(own)
            ends = fitting.fit(free, without=numbers)
            for number in own:
                predictions[number] = predict(fitting.rows[number])
            changes = [
                f"{c.name} ×{c.get() / before[c]:.2f}{'!' if c.name in ends else ''}"
                for c in free
                if c.get() != before[c]
            ]
            lines.append(
                f"{source[:52]:52} {len(own):4} {100 * shipped:6.1f} % {100 * fitting.median(own):6.1f} %  "
                f"{', '.join(changes)}"
            )
    lines.append(
        f"{len(predictions) - moved} of {len(predictions)} scored rows depend on none of these constants"
    )
    return "\n".join(lines), predictions
