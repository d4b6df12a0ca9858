"""The site builds without a warning, and its pages ask nothing of other machines."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tools.reference.pages import pages

ROOT = Path(__file__).parents[2]
pytest.importorskip("material", reason="pip install -e '.[docs]'")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site")
    done = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "--site-dir", str(folder)],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return folder


def test_every_page_is_built(site: Path) -> None:
    docs = ROOT / "docs"
    missing = []
    for page in docs.rglob("*.md"):
        name = page.relative_to(docs).with_suffix("")
        built = name.parent / "index.html" if name.name == "index" else name / "index.html"
        if not (site / built).is_file():
            missing.append(str(built))
    assert missing == []


def test_pages_load_nothing_from_elsewhere(site: Path) -> None:
    loaded = re.compile(
        r'<(?:script|img|iframe|source|link)\b[^>]*\b(?:src|href)="?(?:https?:)?//[^">\s]+[^>]*>'
    )
    elsewhere = {
        match[0]
        for page in site.rglob("*.html")
        for match in loaded.finditer(page.read_text(encoding="utf-8"))
    }
    assert {tag for tag in elsewhere if 'rel="canonical"' not in tag} == set()
    for sheet in site.rglob("*.css"):
        assert not re.search(r"@import|url\([\"']?(?:https?:)?//", sheet.read_text(encoding="utf-8")), sheet


@pytest.mark.parametrize(("name", "text"), pages().items(), ids=lambda value: value[:30])
def test_generated_pages_are_current(name: str, text: str) -> None:
    kept = (ROOT / name).read_text(encoding="utf-8")
    assert kept == text, "run `python -m tools.reference`"
