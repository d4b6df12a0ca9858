"""How far expected speeds of work that is no text are from published ones: expected ÷ published.

    python benchmarks/work_speed.py [--rows FILE] [--json]

By kind, the rows whose source fed a constant (`feeds` names it) and those left out of every fit apart. With `--json`
a line a row: {"id", "expected", "low", "high"} in units a second."""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
from typing import Any, NamedTuple

from gpuspec.catalog import Catalog
from gpuspec.sizing.memory import Unsized
from gpuspec.sizing.speed.rates import Range
from gpuspec.sizing.speed.work import work_rate
from gpuspec.workload import Workload

ROWS = os.path.join(os.path.dirname(__file__), "..", "tests", "sizing", "data", "work_speed.jsonl")
MODALITY = {"pictures": "image", "video": "video", "sound": "audio", "texts": "text-embedding"}


class Judged(NamedTuple):
    """A published speed and what is expected; `found` is a reason where nothing is."""

    row: dict[str, Any]
    found: Range | str

    @property
    def ratio(self) -> float | None:
        """Expected ÷ published."""
        return self.found.expected / self.row["published"] if isinstance(self.found, Range) else None

    @property
    def within(self) -> bool:
        """Whether the published speed lies within the range."""
        return isinstance(self.found, Range) and self.found.low <= self.row["published"] <= self.found.high


def judged(row: dict[str, Any], catalog: Catalog) -> Judged:
    """What gpuspec expects of a row, from what it declares."""
    gpu = catalog.resolve_gpu(row["gpu"]).gpu
    if gpu is None:
        return Judged(row, f"{row['gpu']} is not known")
    model = catalog.resolve_model(row["model"]).model if "model" in row else None
    if "model" in row and model is None:
        return Judged(row, f"{row['model']} is not known")
    workload = Workload(
        modality=MODALITY.get(row["kind"], "text"),
        model=model,
        model_name=row.get("model"),
        params_b=row.get("params_b") or (model.params_b if model else None),
    )._replace(**row["workload"])
    found = work_rate(workload, gpu, row["gpus"])
    if isinstance(found, Unsized):
        return Judged(row, found.reason)
    if found.unit != row["unit"]:
        return Judged(row, f"it is {found.unit} that are expected")
    return Judged(row, found.per_second)


def read_rows(path: str = ROWS) -> list[dict[str, Any]]:
    """The published speeds."""
    with open(path, encoding="utf-8") as file:
        return [json.loads(line) for line in file if line.strip()]


def main() -> int:
    """Print the table, or the lines."""
    parser = argparse.ArgumentParser(description="Expected ÷ published speeds of work that is no text.")
    parser.add_argument("--rows", default=ROWS, help="another file of the same form")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    catalog = Catalog()
    found = [judged(row, catalog) for row in read_rows(options.rows)]
    if options.json:
        for each in found:
            speeds = each.found._asdict() if isinstance(each.found, Range) else {"reason": each.found}
            print(json.dumps({"id": each.row["id"], **speeds}))
        return 0
    for each in found:
        _line(each)
    print()
    for kind in dict.fromkeys(each.row["kind"] for each in found):
        for fed in (True, False):
            _summary(kind, fed, [e for e in found if e.row["kind"] == kind and bool(e.row["feeds"]) is fed])
    return 0


def _line(each: Judged) -> None:
    row = each.row
    fed = ", ".join(row["feeds"]) or "left out"
    if isinstance(each.found, str):
        print(f"{row['id']:34} {row['published']:12.4g}  {each.found}")
        return
    low, expected, high = each.found
    mark = " " if each.within else "*"
    print(
        f"{row['id']:34} {row['published']:12.4g} {expected:12.4g} {low:10.4g} … {high:<10.4g} "
        f"{each.ratio:5.2f}{mark} {fed}"
    )


def _summary(kind: str, fed: bool, rows: list[Judged]) -> None:
    ratios = [each.ratio for each in rows if each.ratio is not None]
    if not ratios:
        return
    inside = sum(each.within for each in rows)
    what = "fed a constant" if fed else "left out"
    print(
        f"{kind:9} {what:15} {len(ratios):3} rows, expected ÷ published median {statistics.median(ratios):.2f} "
        f"({min(ratios):.2f} … {max(ratios):.2f}), {inside} of {len(rows)} within the range"
    )


if __name__ == "__main__":
    sys.exit(main())
