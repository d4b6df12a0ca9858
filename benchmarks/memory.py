"""Accuracy of the memory model: every published measurement against gpuspec's prediction.

    python benchmarks/memory.py [--rows FILE] [--json]

Each row is predicted from the fields it declares, in its own unit, measure and per-GPU sense.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from memory_peers import Estimate, by_rule, installed
from memory_rows import Card, card_of, case, per_gib

from gpuspec.errors import UserError
from gpuspec.sizing import Need, Unsized, fit, need

ROWS = os.path.join(os.path.dirname(__file__), "..", "tests", "sizing", "data", "memory_ground_truth.jsonl")
OUTSIDE_PROCESS = ("CUDA context", "NCCL")
"""What torch.cuda.max_memory_reserved does not see."""
OUTSIDE_ALLOCATOR = (*OUTSIDE_PROCESS, "fragmentation", "loading")
"""What torch.cuda.max_memory_allocated does not see."""
SCORED = ("measured", "measured_underspecified", "official_estimate", "tool_estimate")
CLASSES: tuple[tuple[str, Callable[[dict[str, Any]], bool]], ...] = (
    ("GGUF, weights and KV cache", lambda r: r.get("task") in ("weights", "kv_cache")),
    ("inference peak, measured", lambda r: r.get("task") == "inference" and r.get("quality") == "measured"),
    ("training peak, measured", lambda r: r.get("task") == "training" and r.get("quality") == "measured"),
)


class Prediction(NamedTuple):
    """What gpuspec says to one row, in the row's unit; `reason` where it cannot say. `room` is the expected
    need ÷ the usable memory of the card the row speaks of."""

    row: dict[str, Any]
    predicted: float | None = None
    low: float | None = None
    high: float | None = None
    fit: str | None = None
    room: float | None = None
    reason: str = ""

    @property
    def error(self) -> float | None:
        """Relative error, signed; None where nothing was stated or predicted."""
        stated = self.row.get("stated_gb")
        known = isinstance(stated, (int, float)) and stated > 0
        return self.predicted / stated - 1 if self.predicted is not None and known else None


def predict(row: dict[str, Any]) -> Prediction:
    """One row, from its declared fields alone."""
    try:
        described = case(row)
        answer = need(
            described.workload, described.gpus, prompt=described.prompt, trainable=described.trainable
        )
        if isinstance(answer, Unsized):
            return Prediction(row, reason=answer.reason)
        low, expected, high = _counted(answer, row, described.gpus)
        verdict, room = _fit(row, answer, described.gpus)
    except (KeyError, ValueError, TypeError, AttributeError, UserError) as error:
        return Prediction(row, reason=f"the row cannot be read: {error!r}")
    return Prediction(row, expected, low, high, verdict, room)


def _counted(answer: Need, row: dict[str, Any], gpus: int) -> list[float]:
    """Low, expected and high of the parts the row's measure counts, in its unit."""
    measure = str(row.get("measure") or "").lower()
    parts = answer.parts
    if row.get("task") == "weights" or "file size" in measure or "weights only" in measure:
        parts = tuple(part for part in parts if part.name in ("weights", "denoiser"))
    elif row.get("task") == "kv_cache" or "kv cache" in measure:
        parts = tuple(part for part in parts if part.name == "KV cache")
    elif "reserved" in measure:
        parts = tuple(part for part in parts if part.name not in OUTSIDE_PROCESS)
    elif "torch" in measure or "allocated" in measure:
        parts = tuple(part for part in parts if part.name not in OUTSIDE_ALLOCATOR)
    scale = per_gib(row)
    scale *= 1 if row.get("per_gpu", True) else gpus
    return [scale * sum(getattr(part, field) for part in parts) for field in ("low", "expected", "high")]


def _fit(row: dict[str, Any], answer: Need, gpus: int) -> tuple[str | None, float | None]:
    said = row.get("fits_on") or row.get("does_not_fit_on")
    card: Card | None = card_of(str(said)) if said else None
    if card is None:
        return None, None
    if card.gpus != gpus:
        described = case(row)
        other = need(described.workload, card.gpus, prompt=described.prompt, trainable=described.trainable)
        assert not isinstance(other, Unsized)
        answer = other
    verdict = fit(answer, card.gpu)
    return verdict.verdict, answer.expected / verdict.usable


def summary(errors: Iterable[float]) -> dict[str, float | int]:
    """Median, 90th percentile of the size of the errors, and their median sign."""
    signed = sorted(errors)
    sizes = sorted(abs(error) for error in signed)
    p90 = sizes[min(len(sizes) - 1, int(0.9 * len(sizes)))]
    return {
        "rows": len(sizes),
        "median": statistics.median(sizes),
        "p90": p90,
        "bias": statistics.median(signed),
    }


def groups(predictions: list[Prediction]) -> list[dict[str, Any]]:
    """Accuracy per source, task and quality."""
    found: dict[tuple[str, str, str], list[Prediction]] = {}
    for prediction in predictions:
        row = prediction.row
        key = (row.get("source", "?"), row.get("task", "?"), row.get("quality", "?"))
        found.setdefault(key, []).append(prediction)
    table = []
    for (source, task, quality), members in found.items():
        errors = [p.error for p in members if p.error is not None]
        if errors:
            head = {"source": source, "task": task, "quality": quality}
            table.append({**head, **summary(errors), "rule": _peer_median(members, by_rule)})
    return table


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


def report(predictions: list[Prediction]) -> None:
    """The tables, for people."""
    print(
        f"{'source':52} {'task':10} {'quality':23} {'rows':>4} {'median':>7} {'p90':>7} {'bias':>7} {'×1.2':>7}"
    )
    for group in groups(predictions):
        rule = "–" if group["rule"] is None else f"{100 * group['rule']:.1f} %"
        print(
            f"{group['source'][:52]:52} {group['task']:10} {group['quality']:23} {group['rows']:4} "
            f"{100 * group['median']:5.1f} % {100 * group['p90']:5.1f} % {100 * group['bias']:+5.1f} % {rule:>7}"
        )
    print()
    for name, belongs in CLASSES:
        members = [p for p in predictions if belongs(p.row) and p.row.get("quality") in SCORED]
        errors = [p.error for p in members if p.error is not None]
        if errors:
            s = summary(errors)
            print(
                f"{name:30} {s['rows']:4} rows: median {100 * s['median']:.2f} %, p90 {100 * s['p90']:.1f} %, "
                f"bias {100 * s['bias']:+.1f} %; {_beside(members)}"
            )
    v = verdicts(predictions)
    print(f"\nfit outside ±15 %: {v['right']} of {v['outside']}; wrong: {', '.join(v['wrong']) or 'none'}")
    print(f"said to fit though it does not: {', '.join(v['false_fits']) or 'none'}")
    _worst(predictions)


def _beside(members: list[Prediction]) -> str:
    medians = {name: _peer_median(members, estimate) for name, estimate in installed().items()}
    return ", ".join(f"{name} {100 * value:.1f} %" for name, value in medians.items() if value is not None)


def _worst(predictions: list[Prediction]) -> None:
    scored = [p for p in predictions if p.error is not None and p.row.get("quality") in SCORED]
    print("\nworst twenty")
    for p in sorted(scored, key=lambda p: -abs(p.error or 0))[:20]:
        row = p.row
        print(
            f"  {row.get('id', '?')!s:17} {row['model']:18} {row.get('method') or '–':10} "
            f"stated {row['stated_gb']:8.2f} predicted {p.predicted:8.2f} ({p.low:.1f}–{p.high:.1f}) "
            f"{100 * (p.error or 0):+.0f} %"
        )
    silent = [p for p in predictions if p.predicted is None]
    print(f"\nnot predicted: {len(silent)}")
    for p in silent:
        print(f"  {p.row.get('id')}: {p.reason}")


def read(path: str) -> list[dict[str, Any]]:
    """The rows of a file, one JSON object per line."""
    rows = []
    with open(path, encoding="utf-8") as file:
        for number, line in enumerate(file, 1):
            if line.strip():
                try:
                    rows.append(json.loads(line))
                except ValueError as error:
                    raise SystemExit(f"{path}:{number}: not a JSON object: {error}") from None
    return rows


def as_json(predictions: list[Prediction]) -> dict[str, Any]:
    """What `--json` prints."""
    rows = [
        {
            "id": p.row.get("id"),
            "predicted_gb": p.predicted,
            "low_gb": p.low,
            "high_gb": p.high,
            "fit": p.fit,
            **({"reason": p.reason} if p.reason else {}),
        }
        for p in predictions
    ]
    return {"rows": rows, "groups": groups(predictions), "fit": verdicts(predictions)}


def main(arguments: list[str] | None = None) -> int:
    """Predict every row and report."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--rows", default=ROWS)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args(arguments)
    rows = read(options.rows)
    predictions = [predict(row) for row in rows]
    if options.json:
        print(json.dumps(as_json(predictions), indent=1))
        return 0
    report(predictions)
    return 0


if __name__ == "__main__":
    sys.exit(main())
