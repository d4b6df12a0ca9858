"""A name for a finding that stays the same while lines move: for dashboards that track findings."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from gpuspec.lint.result import Hidden, Located, Report


def in_order(report: Report) -> list[tuple[Located, Hidden | None]]:
    """All findings, what is hidden among those that are shown where it stands: so that the fingerprints of some do
    not depend on whether others are hidden."""
    shown: list[tuple[Located, Hidden | None]] = [(found, None) for found in report.findings]
    if not report.hidden:
        return shown
    files = {path: at for at, path in enumerate(report.files)}

    def place(each: tuple[Located, Hidden | None]) -> tuple[object, ...]:
        found = each[0]
        at = found.place
        return (
            files.get(found.path, len(files)),
            at.line,
            at.column,
            found.finding.code,
            found.finding.pointer,
        )

    return sorted([*shown, *((each.found, each) for each in report.hidden)], key=place)


def fingerprints(findings: Sequence[Located]) -> list[str]:
    """One per finding, unique in the report: file, rule, pointer (or the line's text) and which of several."""
    from hashlib import sha256

    seen: dict[tuple[str, str, str], int] = {}
    begun: dict[tuple[str, str, str], Any] = {}
    """The hash of a key: its line may be the whole file, with all findings."""
    marks = []
    for found in findings:
        finding = found.finding
        where = finding.pointer if finding.span is None or finding.pointer else _stripped(found.place.text)
        key = (found.path.replace("\\", "/"), finding.code, where)
        if key not in begun:
            begun[key] = sha256("\0".join((*key, "")).encode("utf-8", "surrogatepass"))
        seen[key] = seen.get(key, 0) + 1
        mark = begun[key].copy()
        mark.update(str(seen[key]).encode())
        marks.append(mark.hexdigest()[:32])
    return marks


@lru_cache(maxsize=8)
def _stripped(line: str) -> str:
    return line.strip()
