"""What code and pages refer to is there for whoever has cloned the project."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
FOLDERS = ("gpuspec", "tests", "docs", "benchmarks", "plugins", "examples", "action")
TEXTS = {
    path.relative_to(ROOT): path.read_text(encoding="utf-8")
    for path in (*(p for folder in FOLDERS for p in (ROOT / folder).rglob("*")), *ROOT.glob("*.md"))
    if path.suffix in (".py", ".md") and path != Path(__file__)
}
NOT_HERE = re.compile(
    r"\b(?:DESIGN|RULES|ANCHORS|SIZING|FORMATS|SKYPILOT|BRIEF|BOARD)\.md|CONTRADICTIONS|\bissue \d+|\bseed article"
    r"|\(S[0-4]\b|\bS[0124]\b"
)
"""Notes that the project was built from, and the numbers of articles, which two pages alone explain."""
EXPLAINED = {Path("docs/seed-facts.md"), Path("docs/seed-coverage.md")}
EXPLAINED |= {Path("tests/sizing/test_seed_facts.py"), Path("tests/seed_coverage/test_seed_coverage.py")}
PATH = re.compile(
    r"(?<![\w./-])(?:gpuspec|tests|docs|benchmarks|schemas|examples)/[\w./-]+\.(?:py|md|txt|tsv|jsonl|json|lua|sh)\b"
)

PLACEHOLDER = re.compile(r"/[A-Z]+\b")
"""`gpuspec/cli/NAME.py` stands for any."""
OF_OTHERS = {
    "docs/gguf.md": "ggml's",
    "examples/dreambooth/README_flux.md": "diffusers'",
    "tests/test_allowed_clouds.py": "a new plugin's",
    "tests/test_golden.py": "a new plugin's",
}


def lines(pattern: re.Pattern[str]) -> list[tuple[str, str]]:
    """(file:line, what is matched) in every text."""
    return [
        (f"{path}:{number}", match[0])
        for path, text in TEXTS.items()
        for number, line in enumerate(text.splitlines(), start=1)
        for match in pattern.finditer(line)
    ]


def test_nothing_refers_to_notes_that_a_clone_lacks() -> None:
    assert len(TEXTS) > 500
    assert [one for one in lines(NOT_HERE) if Path(one[0].rpartition(":")[0]) not in EXPLAINED] == []


def test_every_path_that_is_named_exists() -> None:
    named = [one for one in lines(PATH) if one[1] not in OF_OTHERS and not PLACEHOLDER.search(one[1])]
    assert len(named) > 50
    assert [one for one in named if not (ROOT / one[1]).exists()] == []
