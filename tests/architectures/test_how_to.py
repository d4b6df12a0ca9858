"""The page on how to teach gpuspec an architecture: its code runs, and its map of files is whole."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "how-to" / "teach-an-architecture.md").read_text(encoding="utf-8")


def test_the_code_of_the_page_runs() -> None:
    """All blocks in one module, as a reader would type them; what they assert holds."""
    blocks = re.findall(r"^```python\n(.*?)^```", PAGE, re.M | re.S)
    assert sum(block.count("assert ") for block in blocks) == 3
    names: dict[str, object] = {}
    for block in blocks:
        exec(compile(block, "teach-an-architecture.md", "exec"), names)


def test_the_map_names_every_file_and_no_other() -> None:
    table, towers = PAGE.partition("## Which file has what")[2].split("\n\nWhat they see and hear with")
    for text, folder in ((table, "families"), (towers, "towers")):
        there = {
            path.name
            for path in (ROOT / "gpuspec" / "architectures" / folder).glob("*.py")
            if path.name not in ("__init__.py", "blocks.py", "senses.py")
        }
        elsewhere = {"unknown.py", "signatures.py"}
        assert set(re.findall(r"`(\w+\.py)`", text)) - elsewhere == there
