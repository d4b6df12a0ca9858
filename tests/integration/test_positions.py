"""One file with a byte order mark, CRLF, a tab, wide characters and an emoji past 16 bits: every output points at the
same key, each in the units its readers count in. Columns are counted by hand:

    line 1:  { "run": "x", "run": "y",            the second key stands after 14 characters
    line 2:  →/* 漢字 😀 */ "project_id": "z"       after 1 tab, `/* `, 2 + 1 + 1, ` */ `: 12 characters, 13 in UTF-16
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from lsprotocol.types import Position, Range

from gpuspec.editor.diagnostics import diagnostics
from gpuspec.editor.opened import look
from gpuspec.editor.position import Positions
from gpuspec.rules import collect

TEXT = '{ "run": "x", "run": "y",\r\n\t/* 漢字 😀 */ "project_id": "z"\r\n}\r\n'
MARK = "\ufeff"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "gpuspec.toml").write_text('select = ["GS002", "GS006"]\n')
    (tmp_path / "job.jsonc").write_bytes((MARK + TEXT).encode("utf-8"))
    return tmp_path


def lint(folder: Path, form: str) -> str:
    command = [sys.executable, "-m", "gpuspec", "lint", "job.jsonc", "--format", form]
    return subprocess.run(command, cwd=folder, capture_output=True, encoding="utf-8").stdout


def test_text(folder: Path) -> None:
    blocks = lint(folder, "text").split("\n\n")
    assert " --> job.jsonc:1:15\n" in blocks[0]
    assert '\n1 | { "run": "x", "run": "y",\n' in blocks[0]
    assert "\n  | " + 14 * " " + "^^^^^" in blocks[0]
    assert " --> job.jsonc:2:13\n" in blocks[1]
    # On screen a tab is 4 columns, a wide character and an emoji 2 each: 4 + 3 + 4 + 1 + 2 + 4.
    assert '\n2 |     /* 漢字 😀 */ "project_id": "z"\n' in blocks[1]
    assert "\n  | " + 18 * " " + 12 * "^" in blocks[1]


def test_concise(folder: Path) -> None:
    first, second = lint(folder, "concise").splitlines()[:2]
    assert first.startswith("job.jsonc:1:15: ")
    assert second.startswith("job.jsonc:2:13: ")


def test_sarif(folder: Path) -> None:
    (run,) = json.loads(lint(folder, "sarif"))["runs"]
    assert run["columnKind"] == "unicodeCodePoints"
    regions = [result["locations"][0]["physicalLocation"]["region"] for result in run["results"]]
    assert regions == [
        {"startLine": 1, "startColumn": 15, "endLine": 1, "endColumn": 20},
        {"startLine": 2, "startColumn": 13, "endLine": 2, "endColumn": 25},
    ]


@pytest.mark.parametrize("mark", ["", MARK])  # most editors keep the mark to themselves; some send it
@pytest.mark.parametrize(("encoding", "second"), [("utf-16", 13), ("utf-32", 12), ("utf-8", 19)])
def test_language_server(folder: Path, mark: str, encoding: str, second: int) -> None:
    opened = look(collect(), str(folder / "job.jsonc"), mark + TEXT)
    found = diagnostics(opened, "file:///job.jsonc", Positions(opened.tree, encoding))
    first = 14 + len(mark.encode("utf-8") if encoding == "utf-8" else mark)
    assert [each.range for each in found] == [
        Range(Position(0, first), Position(0, first + 5)),
        # In UTF-8 漢 and 字 are 3 bytes each, 😀 4: 12 - 3 + 10.
        Range(Position(1, second), Position(1, second + 12)),
    ]
