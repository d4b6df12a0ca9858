"""Leave one source out: what the speed model takes from measurements, fitted anew without the source it is tried on.

    python benchmarks/speed.py --leave-out [--rows FILE …]

Each part of a step ("weights", "launches" …) of each engine, and of each maker of GPUs, may take longer or shorter
by a factor. A factor is fitted to all other sources, each source counting alike, so that no large one decides; ranges
keep their width.
"""

from __future__ import annotations

import statistics
from collections.abc import Iterable
from math import log
from typing import NamedTuple

from speed_predict import Answer

from gpuspec.engines import engine_of
from gpuspec.sizing.speed.rates import Range

FACTORS = (0.6, 0.75, 0.88, 1.0, 1.14, 1.33, 1.67)
FEWEST = 3
"""Rows of a source that is worth leaving out."""
MOST = log(2)
"""A row is no further off than this, so that no single one decides."""


class Part(NamedTuple):
    """What is fitted: the time of one part of a step under one engine on one maker's GPUs."""

    engine: str
    vendor: str
    name: str


class Row(NamedTuple):
    """A measured step, in seconds, and the parts that were predicted."""

    source: str
    measured: float
    parts: tuple[tuple[Part, Range], ...]

    def step(self, factors: dict[Part, float]) -> Range:
        """The predicted step by these factors."""
        low, expected, high = (
            sum(factors.get(part, 1.0) * seconds[i] for part, seconds in self.parts) for i in range(3)
        )
        return Range(low, expected, high)

    def off(self, factors: dict[Part, float]) -> float:
        """How far off, as a logarithm, capped."""
        return min(abs(log(self.step(factors).expected / self.measured)), MOST)


def table(answers: list[Answer]) -> str:
    """One line per source: expected ÷ measured and the share within the range, as shipped and without it."""
    rows = [_row(each) for each in answers]
    counts: dict[str, int] = {}
    for row in rows:
        counts[row.source] = counts.get(row.source, 0) + 1
    lines = [f"{'source left out':56} rows  shipped within   without within"]
    without_all: list[tuple[float, bool]] = []
    for source in sorted(counts, key=lambda name: -counts[name]):
        if counts[source] < FEWEST:
            continue
        own = [row for row in rows if row.source == source]
        factors = _fitted(
            [row for row in rows if row.source != source], {part for row in own for part, _ in row.parts}
        )
        shipped, without = _judged(own, {}), _judged(own, factors)
        without_all += without
        lines.append(f"{source[:56]:56} {len(own):4} {_summary(shipped)} {_summary(without)}")
    lines.append(f"{'all of them':56} {len(without_all):4} {'':16}{_summary(without_all)}")
    return "\n".join(lines)


def _row(each: Answer) -> Row:
    assert each.run
    assert each.speed
    run, many = each.run, each.speed.sequences
    # llama.cpp and what is built on it are one.
    kind = "ggml" if engine_of(run.workload.engine).decode.in_turn else run.workload.engine or ""
    parts = tuple((Part(kind, run.card.gpu.vendor, part.name), part.seconds) for part in each.speed.parts)
    return Row(run.source, (many if run.total else 1) / run.measured, parts)


def _fitted(rows: list[Row], wanted: Iterable[Part]) -> dict[Part, float]:
    """The factors of these parts that suit all rows best, two rounds, one part after the other."""
    counts: dict[str, int] = {}
    for row in rows:
        counts[row.source] = counts.get(row.source, 0) + 1
    factors: dict[Part, float] = {}
    for _ in range(2):
        for part in sorted(wanted):
            touched = [row for row in rows if any(own == part for own, _ in row.parts)]
            losses = []
            for factor in FACTORS if touched else ():
                tried = {**factors, part: factor}
                loss = sum(row.off(tried) / counts[row.source] ** 0.5 for row in touched)
                losses.append((loss, abs(log(factor)), factor))
            if losses:
                factors[part] = min(losses)[2]
    return factors


def _judged(rows: list[Row], factors: dict[Part, float]) -> list[tuple[float, bool]]:
    """(expected ÷ measured tokens/s, whether it lies within the range) of each row."""
    found = []
    for row in rows:
        step = row.step(factors)
        found.append((row.measured / step.expected, step.low <= row.measured <= step.high))
    return found


def _summary(judged: list[tuple[float, bool]]) -> str:
    median = statistics.median(ratio for ratio, _ in judged)
    return f"{median:8.2f} {100 * sum(within for _, within in judged) / len(judged):5.0f} %"
