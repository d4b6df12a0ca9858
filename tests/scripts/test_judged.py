"""Scripts as strangers write them, with the files beside them, each with a label given before any run.

A case begins with `#### NAME | LABEL`, its files with `== PATH`; the first file is the script. In `judged/` the label
is what GS301 says of it: warning, info, or silent; in `timers/` whether GS305 has a finding.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from gpuspec.lint.registry import Registry
from gpuspec.lint.runner import Linter
from gpuspec.lint.script import kind_of
from gpuspec.lint.settings import Settings
from gpuspec.rules import collect

RULES = collect().rules
HERE = Path(__file__).parent / "judged"
Case = tuple[str, str, dict[str, str]]


def cases(folder: Path | None = None) -> list[Case]:
    found = []
    for book in sorted((folder or HERE).glob("*.txt")):
        for part in ("\n" + book.read_text(encoding="utf-8")).split("\n#### ")[1:]:
            head, _, rest = part.partition("\n")
            name, _, label = head.partition(" | ")
            files = {}
            for file in ("\n" + rest).split("\n== ")[1:]:
                path, _, text = file.partition("\n")
                files[path.strip()] = text + "\n"
            found.append((name, label.strip(), files))
    return found


def severities(code: str, files: dict[str, str], folder: Path) -> set[str]:
    """What one rule says of the first of some files."""
    for path, text in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text, encoding="utf-8")
    script = folder / next(iter(files))
    data = script.read_bytes()
    kind = kind_of(str(script), data)
    assert kind is not None
    linter = Linter(Registry(tuple(row for row in RULES if row.rule.code == code), ()))
    return {located.finding.severity for located in linter.script(str(script), data, kind, Settings())}


def ids(case: object) -> str:
    return case if isinstance(case, str) else ""


@pytest.mark.parametrize(("name", "label", "files"), cases(), ids=ids)
def test_launches_per_item(name: str, label: str, files: dict[str, str], tmp_path: Path) -> None:
    assert severities("GS301", files, tmp_path) == ({label} - {"silent"})


@pytest.mark.parametrize(("name", "label", "files"), cases(HERE.parent / "timers"), ids=ids)
def test_launches_without_a_timer(name: str, label: str, files: dict[str, str], tmp_path: Path) -> None:
    assert bool(severities("GS305", files, tmp_path)) == (label != "silent")
