"""Scripts as strangers write them, with the files beside them, each with a label given before any run.

A case begins with `#### NAME | LABEL`, its files with `== PATH`; the first file is the script. The label is what
GS301 says of it: warning, info, or silent.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from gpuspec.lint.runner import Linter
from gpuspec.lint.script import kind_of
from gpuspec.lint.settings import Settings
from gpuspec.rules import collect

REGISTRY = collect()
HERE = Path(__file__).parent / "judged"


def cases() -> list[tuple[str, str, dict[str, str]]]:
    found = []
    for book in sorted(HERE.glob("*.txt")):
        for part in ("\n" + book.read_text(encoding="utf-8")).split("\n#### ")[1:]:
            head, _, rest = part.partition("\n")
            name, _, label = head.partition(" | ")
            files = {}
            for file in ("\n" + rest).split("\n== ")[1:]:
                path, _, text = file.partition("\n")
                files[path.strip()] = text + "\n"
            found.append((name, label.strip(), files))
    return found


@pytest.mark.parametrize(("name", "label", "files"), cases(), ids=[case[0] for case in cases()])
def test_label(name: str, label: str, files: dict[str, str], tmp_path: Path) -> None:
    for path, text in files.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text, encoding="utf-8")
    script = tmp_path / next(iter(files))
    data = script.read_bytes()
    kind = kind_of(str(script), data)
    assert kind is not None
    found = Linter(REGISTRY).script(str(script), data, kind, Settings())
    loops = {located.finding.severity for located in found if located.finding.code == "GS301"}
    assert (sorted(loops) or ["silent"]) == [label]
