"""Launch scripts as strangers write them in Python, CI and npm, each in a folder with what stands beside it.

`labels.jsonl` was written before any of them was run, on 2026-11-30: `loop` says whether a machine is launched for
each item, `severity` what GS301 should say of it. `first` is what the first run said where that was something else,
`mended` what was mended then: gpuspec, or the label (its first severity is in `was`).
"""

from __future__ import annotations

import json
from pathlib import Path

from gpuspec.lint.registry import Registry
from gpuspec.lint.runner import Linter
from gpuspec.lint.script import kind_of
from gpuspec.lint.settings import Settings
from gpuspec.rules import collect

HERE = Path(__file__).parent / "blind_b"
LABELS = [json.loads(line) for line in (HERE / "labels.jsonl").read_text(encoding="utf-8").splitlines()]


def test_launch_loops_of_strangers() -> None:
    linter = Linter(Registry(tuple(row for row in collect().rules if row.rule.code == "GS301"), ()))
    wrong = []
    for label in LABELS:
        said: set[str] = set()
        for path in sorted((HERE / label["script"].partition("/")[0]).rglob("*")):
            data = path.read_bytes() if path.is_file() else b""
            kind = kind_of(str(path), data) if data else None
            if kind is not None:
                found = linter.script(str(path), data, kind, Settings())
                said |= {located.finding.severity for located in found}
        if said != {label[key] for key in ("severity",) if key in label}:
            wrong.append((label["script"], label.get("severity"), said))
    assert wrong == []
