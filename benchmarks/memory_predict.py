"""What gpuspec says to rows of published memory measurements, from the fields they declare alone."""

from __future__ import annotations

import json
import os
import re
from typing import Any, NamedTuple

from memory_measures import Measure, measure_of
from memory_rows import Card, Case, card_of, case, per_gib
from memory_runs import as_measurement

from gpuspec.engines import engine_of
from gpuspec.errors import UserError
from gpuspec.sizing import Need, Unsized, fit, usable

DATA = os.path.join(os.path.dirname(__file__), "..", "tests", "sizing", "data")
ROWS = [os.path.join(DATA, name) for name in ("memory_ground_truth.jsonl", "memory_2.jsonl")]
SCORED = ("measured", "measured_underspecified", "official_estimate", "tool_estimate")


class Prediction(NamedTuple):
    """What gpuspec says to one row, in the row's unit; `reason` where it cannot say. `room` is the expected
    need ÷ the usable memory of the card the row speaks of."""

    row: dict[str, Any]
    predicted: float | None = None
    low: float | None = None
    high: float | None = None
    fit: str | None = None
    room: float | None = None
    confidence: str | None = None
    engine: str | None = None
    reason: str = ""

    @property
    def error(self) -> float | None:
        """Relative error, signed; None where nothing was stated or predicted."""
        stated = self.row.get("stated_gb")
        known = isinstance(stated, (int, float)) and stated > 0
        return self.predicted / stated - 1 if self.predicted is not None and known else None

    @property
    def within(self) -> bool | None:
        """Whether the measurement lies within the predicted range, or as near to it as half of the last digit
        that was stated; None where there is none."""
        if self.error is None or self.low is None or self.high is None:
            return None
        stated, slack = self.row["stated_gb"], _half_digit(self.row["stated_gb"])
        return bool(self.low - slack <= stated <= self.high + slack)


def _half_digit(stated: float) -> float:
    _, _, decimals = str(stated).partition(".")
    return 0.5 * 10 ** -len(decimals.rstrip("0")) if decimals.strip("0") else 0.5


def predict(row: dict[str, Any]) -> Prediction:
    """One row, from its declared fields alone."""
    try:
        described = case(row)
        answer = described.need()
        if isinstance(answer, Unsized):
            return Prediction(row, reason=answer.reason)
        low, expected, high = _counted(answer, row, described)
        verdict, room = _fit(row, answer, described)
    except (KeyError, ValueError, TypeError, AttributeError, UserError) as error:
        return Prediction(row, reason=f"the row cannot be read: {error!r}")
    return Prediction(row, expected, low, high, verdict, room, answer.confidence, answer.engine)


def _counted(answer: Need, row: dict[str, Any], described: Case) -> list[float]:
    """Low, expected and high of what the row's measure counts, in its unit."""
    measure = measure_of(row)
    sizes = measure.of(answer)
    if measure == Measure("process") and described.gpu and engine_of(answer.engine).memory.queues:
        pool = usable(described.gpu, answer.engine, described.workload.memory_utilization)
        sizes = max(sizes[0], 0.95 * pool), max(sizes[1], pool), max(sizes[2], described.gpu.vram_gib)
    scale = per_gib(row) * (1 if row.get("per_gpu", True) else described.gpus)
    return [scale * size for size in sizes]


def _fit(row: dict[str, Any], answer: Need, described: Case) -> tuple[str | None, float | None]:
    said = row.get("fits_on") or row.get("does_not_fit_on")
    card: Card | None = card_of(str(said)) if said else None
    if card is None:
        return None, None
    if card.gpus != described.gpus:
        other = described.need(card.gpus)
        assert not isinstance(other, Unsized)
        answer = other
    verdict = fit(answer, card.gpu)
    return verdict.verdict, answer.expected / verdict.usable


def source_of(row: dict[str, Any]) -> str:
    """Who measured: results in one folder of a repository are one source."""
    return re.sub(r"/[^/ ]+\.jsonl?$", "", str(row.get("source", "?")))


def read(*paths: str) -> list[dict[str, Any]]:
    """The rows of files, one JSON object per line; runs that state a peak as measurements of it."""
    rows = []
    for path in paths:
        with open(path, encoding="utf-8") as file:
            for number, line in enumerate(file, 1):
                if not line.strip():
                    continue
                try:
                    row = json.loads(line)
                except ValueError as error:
                    raise SystemExit(f"{path}:{number}: not a JSON object: {error}") from None
                found = as_measurement(row)
                if found is not None:
                    rows.append(found)
    return rows
