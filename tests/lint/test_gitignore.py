"""What lint finds in a folder against what git does not ignore there: random trees, random .gitignore files."""

from __future__ import annotations

import random
import subprocess
from pathlib import Path

import pytest

from gpuspec.lint.discover import walk
from gpuspec.lint.settings import Settings

LINES = [
    "*.gpu.jsonc", "gpu.jsonc", "/gpu.jsonc", "a", "a/", "/a/", "b/*", "!b/gpu.jsonc", "**/c", "c/**",
    "a/**/gpu.jsonc", "*", "!*/", "!*.gpu.jsonc", "!gpu.jsonc", "a/b", "/a/b/", "# comment", "", "\\#x.gpu.jsonc",
    "\\!y.gpu.jsonc",
    "[ab].gpu.jsonc", "[!a].gpu.jsonc", "x?.gpu.jsonc", "*.jsonc ", "*.jsonc\\ ", "a b.gpu.jsonc", "**", "/**", "/*",
    "!/a", "**/", "a*/", "!a/", "c/", "*/gpu.jsonc", "/b/**/x.gpu.jsonc", "[a-c].gpu.jsonc", "[]x].gpu.jsonc",
    "[^a].gpu.jsonc", "[[:alpha:]].gpu.jsonc", "foo\\*.gpu.jsonc", "!a/b", "../x", "./gpu.jsonc", "//a", "a//b",
    "a/*/c", "**a", "a**", "x**y.gpu.jsonc", "gpu.jsonc\r", "*.gpu.jsonc\t",
    "a/**/**/gpu.jsonc", "**/**/b", "[b-a].gpu.jsonc", "[b-ax].gpu.jsonc", "[a", "*[!x-z]*.gpu.jsonc",
    "*a*.gpu.jsonc", "**/a*/*.jsonc", "a/**/b/**/*.gpu.jsonc", "[!]x].gpu.jsonc", "[a-]*.jsonc", "***.gpu.jsonc",
]  # fmt: skip
NAMES = [
    "gpu.jsonc", "a.gpu.jsonc", "b.gpu.jsonc", "x.gpu.jsonc", "xy.gpu.jsonc", "#x.gpu.jsonc", "!y.gpu.jsonc",
    "a b.gpu.jsonc", "foo*.gpu.jsonc", "].gpu.jsonc", "job.jsonc",
]  # fmt: skip


def fill(folder: Path, chance: random.Random, depth: int = 3) -> None:
    for name in chance.sample(NAMES, chance.randint(1, 5)):
        (folder / name).touch()
    if chance.random() < 0.6:
        lines = "\n".join(chance.choice(LINES) for _ in range(chance.randint(1, 5)))
        mark = chance.choice(["", "", "\ufeff"])
        (folder / ".gitignore").write_bytes(f"{mark}{lines}\n".encode())
    for name in chance.sample(["a", "b", "c", "a b"], chance.randint(0, 3) if depth else 0):
        (folder / name).mkdir()
        fill(folder / name, chance, depth - 1)


def kept_by_git(folder: Path) -> set[str]:
    command = ["git", "-C", str(folder), "ls-files", "--others", "--exclude-standard", "-z"]
    listed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    return {name for name in listed.split("\0") if name and not name.endswith(".gitignore")}


@pytest.mark.parametrize("seed", range(60))
def test_random_trees(seed: int, tmp_path: Path) -> None:
    fill(tmp_path, random.Random(seed))
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    found = {str(Path(path).relative_to(tmp_path)) for path in walk(str(tmp_path), Settings())}
    said = {str(p.relative_to(tmp_path)): p.read_bytes() for p in tmp_path.rglob(".gitignore")}
    assert found == kept_by_git(tmp_path), said


def test_a_folder_that_is_named_is_looked_at(tmp_path: Path) -> None:
    """As ripgrep and ruff do: whoever names an ignored folder means it."""
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    (tmp_path / ".gitignore").write_text("build/\nsecret.gpu.jsonc\n")
    (tmp_path / "build").mkdir()
    for name in ("job.jsonc", "secret.gpu.jsonc"):
        (tmp_path / "build" / name).write_text("{}")
    assert list(walk(str(tmp_path / "build"), Settings())) == [str(tmp_path / "build" / "job.jsonc")]
    assert list(walk(str(tmp_path), Settings())) == []
