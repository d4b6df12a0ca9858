"""How far predictions of memory are from what was measured: by source, by kind, and by part."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

from memory_measures import CACHE, STATED_PARTS, Measure, measure_of
from memory_peers import Estimate, by_rule, installed
from memory_predict import SCORED, Prediction, source_of
from memory_rows import case, per_gib

from gpuspec.sizing import Unsized

REPORTED = "localmaxxing"
"""A source whose figures anybody may enter: what else stood on the card is in them."""


WITHIN = 0.85
"""The share of measurements that should lie within the predicted range."""


class Kind(NamedTuple):
    """Rows of one kind, and how near gpuspec should be to those of sources that it was not fitted to: `median` and
    `p90` of the size of the relative error; None: no bar."""

    name: str
    belongs: Callable[[dict[str, Any]], bool]
    median: float | None = None
    p90: float | None = None


def _measured(task: str) -> Callable[[dict[str, Any]], bool]:
    return lambda row: (
        row.get("task") == task
        and row.get("quality") == "measured"
        and not source_of(row).startswith(REPORTED)
    )


KINDS = (
    Kind("weights, measured", _measured("weights"), 0.005, 0.02),
    Kind("KV cache, measured", _measured("kv_cache"), 0.005, 0.02),
    Kind("inference peak, measured", _measured("inference"), 0.03, 0.12),
    Kind("server before its cache", _measured("inference_runtime"), 0.03, 0.10),
    Kind("training peak, measured", _measured("training"), 0.08, 0.20),
    Kind("peak as users report it", lambda row: source_of(row).startswith(REPORTED)),
    Kind("peak as makers state it", lambda row: row.get("quality") in ("official_estimate", "tool_estimate")),
)


class Summary(NamedTuple):
    """Of the relative errors of some predictions: the median of their size over all rows, the mean of that median
    over sources (so that a large table does not hide a small one), the 90th percentile, the median with its sign,
    and the share of measurements within the predicted range."""

    rows: int
    sources: int
    median: float
    by_source: float
    p90: float
    bias: float
    within: float


def summary(predictions: Iterable[Prediction]) -> Summary | None:
    """What the tables say of some predictions; None where none has a figure beside it."""
    scored = [p for p in predictions if p.error is not None]
    if not scored:
        return None
    signed = [p.error for p in scored if p.error is not None]
    sizes = sorted(map(abs, signed))
    of_sources: dict[str, list[float]] = {}
    for p in scored:
        of_sources.setdefault(source_of(p.row), []).append(abs(p.error or 0.0))
    return Summary(
        rows=len(sizes),
        sources=len(of_sources),
        median=statistics.median(sizes),
        by_source=statistics.mean(map(statistics.median, of_sources.values())),
        p90=sizes[min(len(sizes) - 1, int(0.9 * len(sizes)))],
        bias=statistics.median(signed),
        within=sum(bool(p.within) for p in scored) / len(scored),
    )


def scored(predictions: Iterable[Prediction]) -> list[Prediction]:
    """Those of rows that are good enough to be counted."""
    return [p for p in predictions if p.row.get("quality") in SCORED]


def kinds(predictions: list[Prediction]) -> list[tuple[str, Summary]]:
    """Each kind of measurement, then by engine and by confidence within it."""
    table: list[tuple[str, Summary]] = []
    counted = scored(predictions)
    for kind in KINDS:
        members = [p for p in counted if kind.belongs(p.row)]
        groups: dict[str, list[Prediction]] = {kind.name: members}
        for p in members:
            groups.setdefault(f"  {p.engine}", []).append(p)
        for p in members:
            groups.setdefault(f"  confidence {p.confidence}", []).append(p)
        table.extend((name, found) for name, group in groups.items() if (found := summary(group)))
    return table


def groups(predictions: list[Prediction]) -> list[dict[str, Any]]:
    """Accuracy per source, task and quality."""
    found: dict[tuple[str, str, str], list[Prediction]] = {}
    for p in predictions:
        key = (source_of(p.row), p.row.get("task", "?"), p.row.get("quality", "?"))
        found.setdefault(key, []).append(p)
    table = []
    for (source, task, quality), members in found.items():
        errors = summary(members)
        if errors:
            head = {"source": source, "task": task, "quality": quality}
            table.append({**head, **errors._asdict(), "rule": _peer_median(members, by_rule)})
    return table


def beside(predictions: list[Prediction]) -> dict[str, float]:
    """Median error of other estimators on the same rows, by name."""
    medians = {name: _peer_median(predictions, estimate) for name, estimate in installed().items()}
    return {name: value for name, value in medians.items() if value is not None}


def _peer_median(members: list[Prediction], estimate: Estimate) -> float | None:
    """Median error of another estimator on the same rows, where it answers."""
    errors = []
    for prediction in members:
        if prediction.error is None:
            continue
        described = case(prediction.row)
        guess = estimate(described)
        if guess is not None:
            each = described.gpus if prediction.row.get("per_gpu", True) else 1
            size = guess * 1e9 / 2**30 * per_gib(prediction.row) / each
            errors.append(abs(size / prediction.row["stated_gb"] - 1))
    return statistics.median(errors) if errors else None


def verdicts(predictions: list[Prediction]) -> dict[str, Any]:
    """How often the expected need falls on the right side of a card, outside ±15 % of its edge; and every
    row that is said to fit though it does not."""
    outside = right = 0
    wrong, false_fits = [], []
    for p in predictions:
        if p.room is None or p.row.get("quality") == "seed":
            continue
        truth = bool(p.row.get("fits_on"))
        if p.fit == "fits" and not truth:
            false_fits.append(p.row.get("id"))
        if abs(p.room - 1) <= 0.15:
            continue
        outside += 1
        if (p.room < 1) == truth:
            right += 1
        else:
            wrong.append(f"{p.row.get('id')} ({p.room:.2f} of the card)")
    return {"outside": outside, "right": right, "wrong": wrong, "false_fits": false_fits}


class StatedPart(NamedTuple):
    """A part of a row's memory that the row states beside the whole, GiB per GPU."""

    id: str
    name: str
    stated: float
    low: float
    expected: float
    high: float


def stated_parts(predictions: list[Prediction]) -> list[StatedPart]:
    """Parts that rows state: activations and what is outside PyTorch, each beside ours; and what a server has left
    for its cache, beside what is left of the card by our account."""
    found = []
    for p in scored(predictions):
        fields = [name for name in (*STATED_PARTS, "kv_gib") if isinstance(p.row.get(name), (int, float))]
        if not fields or p.predicted is None:
            continue
        described = case(p.row)
        answer = described.need()
        assert not isinstance(answer, Unsized)
        for field in fields:
            if field in STATED_PARTS:
                low, expected, high = Measure("process", only=STATED_PARTS[field]).of(answer)
                name = field.removesuffix("_gib")
            elif isinstance(p.row.get("total_gib"), (int, float)) and p.row.get("gpu_memory_utilization"):
                room = p.row["total_gib"] * p.row["gpu_memory_utilization"]
                most, taken, least = measure_of(p.row).of(answer)
                low, expected, high, name = room - least, room - taken, room - most, f"left for the {CACHE}"
            else:
                continue
            found.append(StatedPart(str(p.row.get("id")), name, float(p.row[field]), low, expected, high))
    return found
