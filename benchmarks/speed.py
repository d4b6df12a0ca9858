"""Accuracy of the speed model: every measured decoding speed against gpuspec's prediction.

    python benchmarks/speed.py [--rows FILE …] [--leave-out] [--peer FILE] [--json]

Each row is predicted from the fields it declares, in its own meaning (`speed_rows.py`). Measurements that cannot be
what they say are listed with the reason, not scored (`speed_predict.py`). `--leave-out` adds, for each source, how
far off gpuspec would be had its times never been fitted to it. `--peer`: predictions of NVIDIA's aiconfigurator.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
from collections.abc import Callable
from typing import Any

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from speed_predict import Answer, answer, contradicted
from speed_rows import read

DATA = os.path.join(os.path.dirname(__file__), "..", "tests", "sizing", "data")
ROWS = [os.path.join(DATA, "speed.jsonl")]
PEER = os.path.join(DATA, "peer_aiconfigurator.jsonl")
FEWEST = 8
"""Rows of a group that its bars are for."""


def line(name: str, answers: list[Answer]) -> str:
    """One line of a table."""
    ratios = sorted(each.ratio for each in answers)
    median, low, high = statistics.median(ratios), ratios[len(ratios) // 10], ratios[len(ratios) * 9 // 10]
    within = sum(each.within for each in answers) / len(answers)
    missed = len(ratios) >= FEWEST and not (0.9 <= median <= 1.1 and within >= 0.85)
    return f"{name[:56]:56} {len(ratios):4} {median:7.2f} {low:6.2f} {high:6.2f} {100 * within:5.0f} %" + (
        "  bar missed" if missed else ""
    )


GROUPINGS: tuple[tuple[str, Callable[[Answer], str]], ...] = (
    ("all", lambda each: "all"),
    ("by engine", lambda each: each.run.engine if each.run else ""),
    ("by kind of model", lambda each: "mixture" if each.run and each.run.mixture else "dense"),
    ("by number of GPUs", lambda each: "several GPUs" if each.run and each.run.gpus > 1 else "one GPU"),
    ("by GPU", lambda each: each.run.card.gpu.name if each.run else ""),
    ("by source", lambda each: each.run.source if each.run else ""),
)


def table(answers: list[Answer]) -> str:
    """Expected ÷ measured by every grouping."""
    lines = []
    for title, key in GROUPINGS:
        groups: dict[str, list[Answer]] = {}
        for each in answers:
            groups.setdefault(key(each), []).append(each)
        lines.append(f"\n{title:56} rows  median    p10    p90  within")
        lines.extend(line(name, groups[name]) for name in sorted(groups, key=lambda name: -len(groups[name])))
    return "\n".join(lines)


def report(answers: list[Answer]) -> None:
    """The tables, for people."""
    scored = [each for each in answers if each.scored]
    print("expected ÷ measured tokens/s")
    print(table(scored))
    print("\nworst thirty")
    for each in sorted(scored, key=lambda each: -max(each.ratio, 1 / each.ratio))[:30]:
        print(f" {_described(each)}")
    for title, chosen in (
        ("not scored", [each for each in answers if each.suspect]),
        ("not answered", [each for each in answers if each.said is None]),
    ):
        reasons: dict[str, int] = {}
        for each in chosen:
            why = each.suspect or each.reason
            reasons[why] = reasons.get(why, 0) + 1
        print(f"\n{title}: {len(chosen)}")
        for why, many in sorted(reasons.items(), key=lambda pair: -pair[1]):
            print(f"  {many:4}  {why}")


def _described(each: Answer) -> str:
    run, rate = each.run, each.said
    assert run
    assert rate
    mark = " " if each.within else "!"
    return (
        f"{mark}{run.id[-9:]:9} {str(each.row['model']).split('/')[-1][:30]:30} "
        f"{str(each.row.get('quantization') or each.row.get('dtype'))[:10]:10} "
        f"{run.gpus} × {run.card.gpu.name[:12]:12} "
        f"{run.engine[:9]:9} measured {run.measured:8.1f} expected {rate.expected:8.1f} "
        f"({rate.low:.0f}–{rate.high:.0f}) × {each.ratio:.2f}"
    )


def as_json(answers: list[Answer]) -> dict[str, Any]:
    """What `--json` prints: the rows that can be answered, in their own meaning."""
    return {
        "rows": [
            {
                "id": each.row.get("id"),
                "expected": round(each.said.expected, 3),
                "low": round(each.said.low, 3),
                "high": round(each.said.high, 3),
            }
            for each in answers
            if each.said and each.run and not each.run.drafts
        ]
    }


def main(arguments: list[str] | None = None) -> int:
    """Predict every row and report."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--rows", nargs="+", default=ROWS, metavar="FILE")
    parser.add_argument("--peer", metavar="FILE", default=PEER, help="predictions of aiconfigurator")
    parser.add_argument("--leave-out", action="store_true", help="each source with times fitted without it")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args(arguments)
    rows = read(*options.rows)
    answers = contradicted([answer(row) for row in rows])
    if options.json:
        print(json.dumps(as_json(answers), indent=1))
        return 0
    report(answers)
    if options.leave_out:
        from speed_leave_out import table as left_out

        print("\n" + left_out([each for each in answers if each.scored]))
    if os.path.exists(options.peer):
        from speed_peer import compared

        print(compared(options.peer))
    from speed_prompts import report as prompts

    print("\n".join(["", "prompts: expected ÷ measured", *prompts([each.row for each in answers])]))
    return 0


if __name__ == "__main__":
    sys.exit(main())
