"""A text through all rules and all formats of reports, and what must hold of what is found in it."""

from __future__ import annotations

import json
import re
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterator
from functools import lru_cache

from gpuspec.errors import UserError
from gpuspec.lint.files import lint_data
from gpuspec.lint.registry import Registry
from gpuspec.lint.result import Located, Report
from gpuspec.lint.runner import Linter
from gpuspec.lint.settings import Settings
from gpuspec.report import FORMATS, render
from gpuspec.rules import collect
from tests.fuzz.trial import Outcome

EVERYTHING = Settings(preview=True, pedantic=True)


@lru_cache
def registry() -> Registry:
    """The rules, collected once."""
    return collect()


def linted(name: str, data: bytes, *, on_disk: bool = False, every_format: bool = False) -> Outcome:
    """Lint a text as `gpuspec lint` does."""
    linter = Linter(registry())
    try:
        found = lint_data(linter, name, data, EVERYTHING, on_disk=on_disk)
    except UserError as error:  # said clearly: "is not a text file"
        return Outcome(str(error).encode("utf-8", "replace"))
    faults = [str(problem) for problem in linter.problems]
    faults += misplaced(data, found)
    report = Report((name,), tuple(found))
    faults += unreadable(report, FORMATS if every_format else ("json", "text"))
    return Outcome(render("json", report, (True, 40)).encode("utf-8", "replace"), tuple(faults))


def misplaced(data: bytes, found: list[Located]) -> Iterator[str]:
    """Findings that do not lie in their file."""
    lines = re.split(r"\r\n|\r|\n", data.decode("utf-8-sig", "replace"))
    for item in found:
        for place in (item.place, *(place for place, _ in item.related)):
            start, end = (place.line, place.column), (place.end_line, place.end_column)
            inside = all(
                1 <= line <= len(lines) and 1 <= column <= len(lines[line - 1]) + 2
                for line, column in (start, end)
            )
            if not inside or end < start:
                yield f"{item.finding.code} lies at {start}–{end}"


def unreadable(report: Report, formats: tuple[str, ...]) -> Iterator[str]:
    """Formats in which a report cannot be written, or not be read again."""
    for name in formats:
        try:
            text = render(name, report, (True, 40)).encode()
            if name in ("json", "sarif", "gitlab"):
                json.loads(text)
            elif name == "junit":
                ElementTree.fromstring(text)
            elif name in ("text", "markdown", "github"):
                plain = text.replace(b"\x1b\\", b"")
                assert not re.search(rb"[\x00-\x08\x0b-\x1a\x1c-\x1f]|\x1b[^\\[\]]", plain)
        except Exception as error:
            yield f"--format {name}: {type(error).__name__}: {error}"
