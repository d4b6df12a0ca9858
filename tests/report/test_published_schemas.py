"""Each format against the schema that its readers publish, over every finding the golden files can make."""

from __future__ import annotations

import html
import json
import re
from functools import cache
from pathlib import Path

import jsonschema
import markdown
import pytest
import xmlschema
from test_formats import CLEAN, REPORT

from gpuspec import Finding
from gpuspec.lint.files import lint_data
from gpuspec.lint.result import Located, Report, place
from gpuspec.lint.runner import Linter
from gpuspec.lint.settings import Settings
from gpuspec.planning.case import JobSettings
from gpuspec.report import render
from gpuspec.rules import collect
from gpuspec.text import parse

ROOT = Path(__file__).parents[2]
SCHEMAS = Path(__file__).parent / "schemas"
JSON = {
    "json": (ROOT / "schemas" / "report.schema.json", jsonschema.Draft7Validator),
    "sarif": (SCHEMAS / "sarif-2.1.0.json", jsonschema.Draft202012Validator),
    "gitlab": (SCHEMAS / "gitlab-codequality.json", jsonschema.Draft7Validator),
}


@cache
def everything() -> Report:
    """What lint says about all golden specs and scripts, with every rule on."""
    linter = Linter(collect())
    settings = Settings(job=JobSettings(prices="seed-2025"), preview=True, pedantic=True)
    paths = sorted((ROOT / "tests" / "golden").rglob("bad*"))
    paths = [path for path in paths if path.is_file() and path.suffix not in (".out", ".pyc")]
    found = []
    for path in paths:
        found += lint_data(linter, path.relative_to(ROOT).as_posix(), path.read_bytes(), settings)
    assert len({item.finding.code for item in found}) > 50
    return Report(tuple(path.relative_to(ROOT).as_posix() for path in paths), tuple(found))


def hostile() -> Report:
    """A file and a finding that nobody would write, but a spec may."""
    path = "a\udcffb/]]>&<\"'\x1b\n😀\u2028.gpu.jsonc"
    tree = parse('{ "run": "x" }')
    text = "]]> <b>&\"' `x` | [a](b) @all %0A ::error::\x00\x1b\x85\ufffe😀\udcff\r\nnext"
    finding = Finding("GS003", "schema", text, "/run", "error", suggestion=text)
    return Report((path,), (Located(path, finding, place(tree, tree.span("/run"))),))


REPORTS = {"report": lambda: REPORT, "clean": lambda: CLEAN, "golden": everything, "hostile": hostile}


def bytes_of(name: str, report: Report) -> bytes:
    """As the command writes them."""
    return render(name, report).encode("utf-8", "surrogateescape")


@pytest.mark.parametrize("kind", REPORTS)
@pytest.mark.parametrize("name", JSON)
def test_json_formats(name: str, kind: str) -> None:
    path, validator = JSON[name]
    schema = json.loads(path.read_text(encoding="utf-8"))
    validator.check_schema(schema)
    document = json.loads(bytes_of(name, REPORTS[kind]()).decode("utf-8"))
    problems = validator(schema, format_checker=validator.FORMAT_CHECKER).iter_errors(document)
    assert [f"{error.json_path}: {error.message}" for error in problems] == []


@pytest.mark.parametrize("kind", REPORTS)
def test_junit(kind: str) -> None:
    text = bytes_of("junit", REPORTS[kind]())
    schema = xmlschema.XMLSchema10(SCHEMAS / "junit-10.xsd")
    assert [str(error) for error in schema.iter_errors(xmlschema.XMLResource(text))] == []


def test_the_schemas_can_say_no() -> None:
    issue = json.loads(render("gitlab", REPORT))[0]
    schema = json.loads((SCHEMAS / "gitlab-codequality.json").read_text(encoding="utf-8"))
    for wrong in (
        {"severity": "warning"},
        {"location": {"path": "./x", "lines": {"begin": 1}}},
        {"type": "x"},
    ):
        assert not jsonschema.Draft7Validator(schema).is_valid([{**issue, **wrong}])
    junit = xmlschema.XMLSchema10(SCHEMAS / "junit-10.xsd")
    assert not junit.is_valid(render("junit", REPORT).replace("<testcase name=", "<testcase title="))


@pytest.mark.parametrize("kind", REPORTS)
def test_github_commands_read_back(kind: str) -> None:
    # As actions/runner reads them (ActionCommand.cs): `::name key=value,key=value::data`, then unescaped.
    report = REPORTS[kind]()
    lines = bytes_of("github", report).decode("utf-8", "surrogateescape").split("\n")
    assert lines.pop() == ""
    assert len(lines) == len(report.findings)
    for line, found in zip(lines, report.findings, strict=True):
        read = re.fullmatch(r"::(error|warning|notice) ([^:]*(?::(?!:)[^:]*)*)::(.*)", line)
        assert read, line
        properties = dict(part.split("=", 1) for part in read[2].split(","))
        back = {key: _unescaped(value) for key, value in properties.items()}
        said = r"a\udcffb/]]>&<" + "\"'" + r"\x1b\n😀\u2028.gpu.jsonc" if kind == "hostile" else found.path
        assert back["file"] == said
        assert int(back["line"]) == found.place.line
        assert back["title"] == f"gpuspec {found.finding.code} {found.finding.name}"


def _unescaped(text: str) -> str:
    for code, sign in (("%0D", "\r"), ("%0A", "\n"), ("%3A", ":"), ("%2C", ","), ("%25", "%")):
        text = text.replace(code, sign)
    return text


@pytest.mark.parametrize("kind", REPORTS)
def test_markdown_is_a_table_with_a_row_for_each_finding(kind: str) -> None:
    report = REPORTS[kind]()
    page = markdown.markdown(render("markdown", report), extensions=["tables"])
    rows = re.findall(r"<tr>(.*?)</tr>", page, flags=re.S)
    assert len([row for row in rows if "<td" in row]) == len(report.findings)
    assert set(re.findall(r"<(\w+)", page)) <= {
        *("h3", "p", "table", "thead", "tbody", "tr", "th", "td", "code", "a", "br", "sub")
    }  # what a spec says makes no element
    for found in report.findings:
        word = html.escape(found.finding.message.split()[0], quote=False)
        assert word in page.replace("&#8203;", "").replace("&#8288;", "") or kind == "hostile", word
