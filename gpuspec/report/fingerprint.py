"""A name for a finding that stays the same while lines move: for dashboards that track findings."""

from __future__ import annotations

from collections.abc import Sequence

from gpuspec.lint.result import Located


def fingerprints(findings: Sequence[Located]) -> list[str]:
    """One per finding, unique in the report: file, rule, pointer (or the line's text) and which of several."""
    from hashlib import sha256

    seen: dict[tuple[str, str, str], int] = {}
    marks = []
    for found in findings:
        finding = found.finding
        where = finding.pointer if finding.span is None or finding.pointer else found.place.text.strip()
        key = (found.path.replace("\\", "/"), finding.code, where)
        seen[key] = seen.get(key, 0) + 1
        text = "\0".join((*key, str(seen[key])))
        marks.append(sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:32])
    return marks
