"""Accuracy of the memory model: every published measurement against gpuspec's prediction.

    python benchmarks/memory.py [--rows FILE …] [--leave-out] [--json]

Each row is predicted from the fields it declares, in its own unit, measure and per-GPU sense. Files may also hold
runs with a command and a peak (`peak_vram_gb`). `--leave-out` adds, for each source, how far off gpuspec would be had
its fitted constants never seen that source. Rows that are stated wrong are listed as suspect and not scored.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
from typing import Any

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from memory_predict import ROWS, Prediction, predict, read
from memory_rows import card_of
from memory_tables import KINDS, WITHIN, Kind, Summary, beside, groups, kinds, scored, stated_parts, verdicts

__all__ = ["card_of", "groups", "main", "predict", "read", "verdicts"]


def report(predictions: list[Prediction]) -> None:
    """The tables, for people."""
    print(
        f"{'source':52} {'task':17} {'quality':23} {'rows':>4} {'median':>7} {'p90':>7} {'bias':>7} "
        f"{'within':>6} {'×1.2':>7}"
    )
    for group in groups(predictions):
        rule = "–" if group["rule"] is None else f"{100 * group['rule']:.1f} %"
        print(
            f"{group['source'][:52]:52} {group['task']:17} {group['quality']:23} {group['rows']:4} "
            f"{100 * group['median']:5.1f} % {100 * group['p90']:5.1f} % {100 * group['bias']:+5.1f} % "
            f"{100 * group['within']:4.0f} % {rule:>7}"
        )
    _kinds("kind, by engine, by confidence", predictions)
    print(
        "by source: the mean over sources of their medians; within: measurements within the predicted range\n"
    )
    for kind in KINDS:
        others = beside([p for p in scored(predictions) if kind.belongs(p.row)])
        if others:
            print(f"{kind.name}: " + ", ".join(f"{name} {100 * off:.1f} %" for name, off in others.items()))
    _parts(predictions)
    v = verdicts(predictions)
    print(f"\nfit outside ±15 %: {v['right']} of {v['outside']}; wrong: {', '.join(v['wrong']) or 'none'}")
    print(f"said to fit though it does not: {', '.join(v['false_fits']) or 'none'}")
    _worst(predictions)


def _kinds(title: str, predictions: list[Prediction]) -> None:
    print(
        f"\n{title:38} {'rows':>4} {'sources':>7} {'median':>7} {'by source':>9} {'p90':>7} {'bias':>7} {'within':>6}"
    )
    bars = {kind.name: kind for kind in KINDS if kind.median is not None}
    for name, s in kinds(predictions):
        bar = bars.get(name)
        print(
            f"{name[:38]:38} {s.rows:4} {s.sources:7} {100 * s.median:5.1f} % {100 * s.by_source:7.1f} % "
            f"{100 * s.p90:5.1f} % {100 * s.bias:+5.1f} % {100 * s.within:4.0f} %"
            + (f"  {_missed(bar, s)}" if bar else "")
        )


def _missed(bar: Kind, s: Summary) -> str:
    """What of the bars for sources that gpuspec never saw is missed."""
    missed = [
        f"{name} ≤ {100 * most:g} %"
        for name, most, reached in (("median", bar.median, s.median), ("p90", bar.p90, s.p90))
        if most is not None and reached > most
    ]
    missed.extend([f"within ≥ {100 * WITHIN:g} %"] if s.within < WITHIN else [])
    return "bar missed: " + ", ".join(missed) if missed else "within the bars"


def _parts(predictions: list[Prediction]) -> None:
    parts = stated_parts(predictions)
    for name in dict.fromkeys(part.name for part in parts):
        own = [part for part in parts if part.name == name]
        off = statistics.median(abs(part.expected - part.stated) for part in own)
        within = sum(part.low - 0.005 <= part.stated <= part.high + 0.005 for part in own)
        print(f"\n{name}, {len(own)} rows: off by {off:.2f} GiB in the median; {within} within the range")
        for part in sorted(own, key=lambda part: -abs(part.expected - part.stated))[:6]:
            print(
                f"  {part.id:17} stated {part.stated:6.2f} predicted {part.expected:6.2f} "
                f"({part.low:.2f}–{part.high:.2f})"
            )


def _worst(predictions: list[Prediction]) -> None:
    print("\nworst thirty")
    known = [p for p in scored(predictions) if p.error is not None]
    for p in sorted(known, key=lambda p: -abs(p.error or 0))[:30]:
        row = p.row
        mark = " " if p.within else "!"
        print(
            f" {mark}{str(row.get('id', '?'))[-17:]:17} {row['model'][-30:]:30} "
            f"{(row.get('method') or row.get('quant') or '–')[:12]:12} stated {row['stated_gb']:8.2f} "
            f"predicted {p.predicted:8.2f} ({p.low:.1f}–{p.high:.1f}) {100 * (p.error or 0):+.0f} % {p.confidence}"
        )
    silent = [p for p in predictions if p.predicted is None and p.row.get("quality") != "suspect"]
    print(f"\n!: outside the predicted range\n\nnot predicted: {len(silent)}")
    for p in silent:
        print(f"  {p.row.get('id')}: {p.reason}")
    suspect = [p.row for p in predictions if p.row.get("quality") == "suspect"]
    print(f"\nsuspect, not scored: {len(suspect)}")
    for row in suspect:
        print(f"  {row.get('id')}: {row.get('note') or 'no reason given'}")


def as_json(predictions: list[Prediction]) -> dict[str, Any]:
    """What `--json` prints."""
    rows = [
        {
            "id": p.row.get("id"),
            "predicted_gb": p.predicted,
            "low_gb": p.low,
            "high_gb": p.high,
            "fit": p.fit,
            "confidence": p.confidence,
            **({"reason": p.reason} if p.reason else {}),
        }
        for p in predictions
    ]
    return {
        "rows": rows,
        "groups": groups(predictions),
        "kinds": [{"kind": name, **found._asdict()} for name, found in kinds(predictions)],
        "fit": verdicts(predictions),
    }


def main(arguments: list[str] | None = None) -> int:
    """Predict every row and report."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--rows", nargs="+", default=ROWS, metavar="FILE")
    parser.add_argument(
        "--leave-out", action="store_true", help="each source with constants fitted without it"
    )
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args(arguments)
    rows = read(*options.rows)
    predictions = [predict(row) for row in rows]
    if options.json:
        print(json.dumps(as_json(predictions), indent=1))
        return 0
    report(predictions)
    if options.leave_out:
        from memory_leave_out import table

        lines, left_out = table(rows)
        print("\n" + lines)
        _kinds("by constants that never saw the source", left_out)
    return 0


if __name__ == "__main__":
    sys.exit(main())
