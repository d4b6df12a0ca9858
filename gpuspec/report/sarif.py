"""SARIF 2.1.0 (OASIS): what GitHub code scanning and most dashboards read."""

from __future__ import annotations

from typing import Any

from gpuspec.json_text import json_text
from gpuspec.lint.result import Hidden, Located, Place, Report
from gpuspec.printable import lines
from gpuspec.report.fingerprint import fingerprints, in_order
from gpuspec.version import __version__

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
LEVELS = {"error": "error", "warning": "warning", "info": "note"}


def render(report: Report) -> str:
    """The report as a SARIF log of one run. What is hidden is in it, marked as suppressed."""
    rules = {}
    everything = in_order(report)
    marks = fingerprints([found for found, _ in everything])
    told = [
        (found, hidden, mark)
        for (found, hidden), mark in zip(everything, marks, strict=True)
        if hidden is None or report.tells_hidden
    ]
    for found, _, _ in told:
        page = {"helpUri": found.doc} if found.doc else {}
        rules[found.finding.code] = {"id": found.finding.code, "name": found.finding.name, **page}
    order = sorted(rules)
    place_of = {code: at for at, code in enumerate(order)}
    results = [
        {**_result(found, place_of[found.finding.code], mark), **_state(report, hidden)}
        for found, hidden, mark in told
    ]
    notices = [{"level": "error", "message": {"text": _plain(str(problem))}} for problem in report.problems]
    run = {
        "tool": {
            "driver": {
                "name": "gpuspec",
                "version": __version__,
                "informationUri": "https://github.com/gpuspec/gpuspec",
                "rules": [rules[code] for code in order],
            }
        },
        # Columns are code points, as in every other format of ours; SARIF's default is UTF-16.
        "columnKind": "unicodeCodePoints",
        "invocations": [{"executionSuccessful": not report.problems, "toolExecutionNotifications": notices}],
        "results": results,
    }
    return json_text({"$schema": SCHEMA, "version": "2.1.0", "runs": [run]})


def _result(found: Located, index: int, mark: str) -> dict[str, Any]:
    finding = found.finding
    text = "\n".join(map(_plain, filter(None, (finding.message, finding.suggestion))))
    result: dict[str, Any] = {
        "ruleId": finding.code,
        "ruleIndex": index,
        "level": LEVELS[finding.severity],
        "message": {"text": text},
        "locations": [_location(found.path, found.place)],
        "partialFingerprints": {"gpuspec/v1": mark},
        "properties": {"confidence": finding.confidence, "pointer": finding.pointer},
    }
    if finding.saving:
        result["properties"]["savingPerHourUSD"] = round(finding.saving.per_hour, 4)
        if finding.saving.per_month is not None:
            result["properties"]["savingPerMonthUSD"] = round(finding.saving.per_month, 2)
        if finding.saving.per_run is not None:
            result["properties"]["savingPerRunUSD"] = round(finding.saving.per_run, 2)
    if found.related:
        result["relatedLocations"] = [
            {"id": number, "message": {"text": _plain(text)}, **_location(found.path, place)}
            for number, (place, text) in enumerate(found.related, 1)
        ]
    return result


def _state(report: Report, hidden: Hidden | None) -> dict[str, Any]:
    """Whether a result is suppressed, and whether it is in the baseline. Of one result that is said if it is said of
    all (SARIF 2.1.0, 3.27.23 and 3.27.24)."""
    suppression: dict[str, Any] = {}
    known = hidden is not None and hidden.by == "baseline"
    if known:
        suppression = {"kind": "external", "status": "accepted"}
        if len(report.baselines) == 1:
            file = {"uri": uri(report.baselines[0])}
            suppression["location"] = {"physicalLocation": {"artifactLocation": file}}
    elif hidden:
        suppression = {"kind": "inSource", "status": "accepted"}
        if hidden.reason:
            suppression["justification"] = lines(hidden.reason)
    state = {"baselineState": "unchanged" if known else "new"} if report.baselines else {}
    return {"suppressions": [suppression] if suppression else [], **state}


def _plain(text: str) -> str:
    # In a message `[text](target)` is a link (SARIF 2.1.0, 3.11.6), and nothing that is quoted may become one.
    return lines(text).replace("](", "]\\(")


def _location(path: str, place: Place) -> dict[str, Any]:
    region = {
        "startLine": place.line,
        "startColumn": place.column,
        "endLine": place.end_line,
        "endColumn": place.end_column,
    }
    return {"physicalLocation": {"artifactLocation": {"uri": uri(path)}, "region": region}}


def uri(path: str) -> str:
    """A path as a URI reference (RFC 3986), relative where the path is."""
    from urllib.parse import quote

    path = path.replace("\\", "/")
    quoted = quote(path, safe="/-._~!$&'()*+,;=@", errors="surrogateescape")
    return f"file://{quoted}" if path.startswith("/") else quoted
