"""Every format against its published shape, and against a report written by hand."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import jsonschema
import pytest

from gpuspec import Edit, Finding, Fix, Related, Saving
from gpuspec.lint.result import Hidden, Located, Prices, Problem, Report, place
from gpuspec.report import FORMATS, render
from gpuspec.text import parse

SCHEMAS = Path(__file__).parent / "schemas"
TEXT = '{\n  "run": "echo | <b>",\n  "gpu_types": ["H100"]\n}\n'
TREE = parse(TEXT)


def located(finding: Finding, path: str = "jobs/a b.gpu.jsonc", doc: str | None = None) -> Located:
    related = tuple((place(TREE, TREE.span(item.pointer)), item.message) for item in finding.related)
    return Located(path, finding, place(TREE, TREE.span(finding.pointer)), related, doc)


GPU = Finding(
    "GS101",
    "over-provisioned-gpu",
    "H100 at $2.50/h | for @everyone & <5 GB>",
    "/gpu_types/0",
    "warning",
    related=(Related("/run", "this needs 5 GB"),),
    saving=Saving(1.5, 730),
    suggestion='use "RTX 4090": 100 % enough',
    fix=Fix("use RTX 4090", (Edit("set", "/gpu_types/0", "RTX 4090"),), safe=False),
)
RUN = Finding("GS003", "schema", "first line\nsecond, line: 100%", "/run", "error", confidence="medium")
INFO = Finding("ACME1", "acme-rule", "from a plugin \x1b[31m", "", "info")
REPORT = Report(
    files=("jobs/a b.gpu.jsonc", "clean.gpu.jsonc"),
    findings=(located(GPU, doc="https://example.org/GS101"), located(RUN), located(INFO)),
    problems=(Problem("rule X1 broken", "ZeroDivisionError: division by zero", "clean.gpu.jsonc"),),
    prices=Prices("seed-2025", "2025-06-01"),
)
CLEAN = Report(files=("clean.gpu.jsonc",), findings=())


def test_sarif_is_sarif() -> None:
    schema = json.loads((SCHEMAS / "sarif-2.1.0.json").read_text())
    validator = jsonschema.Draft202012Validator(schema)
    for report in (REPORT, CLEAN):
        document = json.loads(render("sarif", report))
        assert [error.message for error in validator.iter_errors(document)] == []


def test_sarif_says_what_the_report_says() -> None:
    run = json.loads(render("sarif", REPORT))["runs"][0]
    assert run["columnKind"] == "unicodeCodePoints"
    first = run["results"][0]
    assert first["ruleId"] == "GS101"
    assert run["tool"]["driver"]["rules"][first["ruleIndex"]]["id"] == "GS101"
    assert first["level"] == "warning"
    spot = first["locations"][0]["physicalLocation"]
    assert spot["artifactLocation"]["uri"] == "jobs/a%20b.gpu.jsonc"
    # line 3 is `  "gpu_types": ["H100"]`: 2 spaces, 11 of the key, `: [` → the value starts in column 17, 6 wide
    assert spot["region"] == {"startLine": 3, "startColumn": 17, "endLine": 3, "endColumn": 23}
    assert first["relatedLocations"][0]["message"]["text"] == "this needs 5 GB"
    assert first["properties"]["savingPerMonthUSD"] == 1095.0  # 1.5 × 730
    assert [result["level"] for result in run["results"]] == ["warning", "error", "note"]
    assert run["invocations"][0]["executionSuccessful"] is False
    assert "division by zero" in run["invocations"][0]["toolExecutionNotifications"][0]["message"]["text"]


KNOWN = REPORT._replace(
    findings=REPORT.findings[1:],
    hidden=(
        Hidden(REPORT.findings[0], "comment", "the benchmark [is](about) this card"),
        Hidden(located(RUN), "baseline"),
    ),
    baselines=("base line.json",),
)
"""The first finding is silenced by a comment; the baseline has one like the second."""


def test_sarif_marks_what_is_hidden() -> None:
    document = json.loads(render("sarif", KNOWN))
    schema = json.loads((SCHEMAS / "sarif-2.1.0.json").read_text())
    assert list(jsonschema.Draft202012Validator(schema).iter_errors(document)) == []
    results = {}
    for result in document["runs"][0]["results"]:
        results.setdefault(result["ruleId"], []).append(result)
    (gpu,) = results["GS101"]
    reason = "the benchmark [is](about) this card"
    assert gpu["suppressions"] == [{"kind": "inSource", "status": "accepted", "justification": reason}]
    file = {"physicalLocation": {"artifactLocation": {"uri": "base%20line.json"}}}
    external = [{"kind": "external", "status": "accepted", "location": file}]
    said = [(result["suppressions"], result["baselineState"]) for result in results["GS003"]]
    assert sorted(said, key=str) == sorted([([], "new"), (external, "unchanged")], key=str)
    # Each result of a run says so, or none does: SARIF 2.1.0, 3.27.23 and 3.27.24.
    assert results["ACME1"][0]["suppressions"] == []
    assert results["ACME1"][0]["baselineState"] == "new"
    for result in json.loads(render("sarif", REPORT))["runs"][0]["results"]:
        assert result["suppressions"] == []
        assert "baselineState" not in result


def test_a_fingerprint_does_not_depend_on_what_is_hidden() -> None:
    def marks(report: Report) -> dict[str, str]:
        results = json.loads(render("sarif", report))["runs"][0]["results"]
        return {each["ruleId"]: each["partialFingerprints"]["gpuspec/v1"] for each in results}

    assert marks(KNOWN)["GS101"] == marks(REPORT)["GS101"]
    twin = REPORT.findings[1]
    later = twin._replace(place=twin.place._replace(line=9))
    both = json.loads(render("gitlab", REPORT._replace(findings=(twin, later))))
    one = REPORT._replace(findings=(later,), hidden=(Hidden(twin, "comment"),))
    assert [each["fingerprint"] for each in json.loads(render("gitlab", one))] == [both[1]["fingerprint"]]


def test_sarif_for_code_scanning_leaves_out_what_is_hidden() -> None:
    results = json.loads(render("sarif", KNOWN._replace(tells_hidden=False)))["runs"][0]["results"]
    assert sorted(result["ruleId"] for result in results) == ["ACME1", "GS003"]


@pytest.mark.parametrize("name", sorted({*FORMATS} - {"sarif", "json"}))
def test_no_other_format_tells_what_is_hidden(name: str) -> None:
    text = render(name, KNOWN)
    assert "GS101" not in text
    assert text.count("GS003") == render(name, REPORT).count("GS003")


def test_json_has_the_promised_shape() -> None:
    document = json.loads(render("json", REPORT))
    assert list(document) == ["version", "prices_as_of", "files", "findings", "hidden"]
    assert document["prices_as_of"] == "2025-06-01"
    assert document["files"] == ["jobs/a b.gpu.jsonc", "clean.gpu.jsonc"]
    first, second, _ = document["findings"]
    assert list(first) == [
        "code", "name", "severity", "confidence", "message", "path", "pointer", "line", "column",
        "end_line", "end_column", "saving", "suggestion", "related", "doc",
    ]  # fmt: skip
    assert first["saving"] == {"per_hour": 1.5, "per_month": 1095.0, "per_run": None, "currency": "USD"}
    assert (first["line"], first["column"], first["end_line"], first["end_column"]) == (3, 17, 3, 23)
    assert first["related"][0]["line"] == 2
    assert second["saving"] is None
    assert second["doc"] is None
    assert document["hidden"] == {"comment": 0, "baseline": 0}
    assert json.loads(render("json", KNOWN))["hidden"] == {"comment": 1, "baseline": 1}


def test_concise() -> None:
    assert render("concise", REPORT).splitlines() == [
        "jobs/a b.gpu.jsonc:3:17: GS101 over-provisioned-gpu H100 at $2.50/h | for @everyone & <5 GB>",
        "jobs/a b.gpu.jsonc:2:10: GS003 schema first line second, line: 100%",
        "jobs/a b.gpu.jsonc:1:1: ACME1 acme-rule from a plugin \\x1b[31m",
    ]
    assert render("concise", CLEAN) == ""


def test_github() -> None:
    # Escapes as in actions/toolkit's command.ts: % \r \n in data, and : , in properties as well.
    first, second, _ = render("github", REPORT).splitlines()
    assert first == (
        "::warning title=gpuspec GS101 over-provisioned-gpu,file=jobs/a b.gpu.jsonc,line=3,endLine=3,col=17,"
        "endColumn=23::H100 at $2.50/h | for @everyone & <5 GB>%0Asaves $1.50/hour, $1,095/month%0A"
        'use "RTX 4090": 100 %25 enough'
    )
    assert second.endswith("::first line%0Asecond, line: 100%25")


def test_gitlab() -> None:
    # https://docs.gitlab.com/ci/testing/code_quality/#code-quality-report-format: the fields it asks for
    issues = json.loads(render("gitlab", REPORT))
    for issue in issues:
        assert issue["severity"] in {"info", "minor", "major", "critical", "blocker"}
        assert issue["location"]["lines"]["begin"] >= 1
        assert not issue["location"]["path"].startswith(("./", "/"))
        assert {"description", "check_name", "fingerprint"} <= issue.keys()
    assert len({issue["fingerprint"] for issue in issues}) == 3


def test_fingerprints_outlive_moved_lines_and_tell_twins_apart() -> None:
    moved = REPORT.findings[0]._replace(place=REPORT.findings[0].place._replace(line=99))
    one, two = (
        json.loads(render("gitlab", REPORT._replace(findings=(item,))))[0]
        for item in (moved, REPORT.findings[0])
    )
    assert one["fingerprint"] == two["fingerprint"]
    twins = json.loads(render("gitlab", REPORT._replace(findings=(moved, moved))))
    assert twins[0]["fingerprint"] != twins[1]["fingerprint"]


def test_junit() -> None:
    root = ElementTree.fromstring(render("junit", REPORT))
    assert root.tag == "testsuites"
    assert root.attrib["tests"] == "4"
    assert root.attrib["failures"] == "3"
    bad, clean = root
    assert (bad.attrib["tests"], bad.attrib["failures"]) == ("3", "3")
    assert (clean.attrib["tests"], clean.attrib["failures"]) == ("1", "0")
    failure = bad[0][0]
    assert failure.tag == "failure"
    assert failure.attrib["message"] == "H100 at $2.50/h | for @everyone & <5 GB>"
    assert failure.text is not None
    assert failure.text.startswith("jobs/a b.gpu.jsonc:3:17: ")


def test_markdown_cannot_be_driven_by_a_spec() -> None:
    text = render("markdown", REPORT)
    assert "| `jobs/a b.gpu.jsonc:3` |" in text
    assert "$&#8288;1,095/month |" in text
    assert "@everyone" not in text
    assert "<5 GB>" not in text
    rows = [line for line in text.splitlines() if line.startswith("| `")]
    assert all(line.replace("\\|", "").count("|") in (3, 5) for line in rows)


@pytest.mark.parametrize("name", FORMATS)
def test_no_escape_byte_leaves(name: str) -> None:
    for report in (REPORT, CLEAN):
        assert "\x1b" not in render(name, report)


def test_statistics() -> None:
    assert render("text", REPORT, statistics=True) == (
        "1  ACME1 acme-rule\n"
        "1  GS003 schema\n"
        "1  GS101 over-provisioned-gpu  (1 fixable, $1,095/month)\n"
        "3 findings in 2 files · up to $1,095/month to save\n"
    )
    counted = json.loads(render("json", REPORT, statistics=True))
    assert counted[2]["saving_per_month"] == 1095.0
