"""Our reading of .gitignore against git's own."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from gpuspec.lint.discover import walk
from gpuspec.lint.gitignore import gitignores_above, is_ignored, read_gitignore
from gpuspec.lint.neighbours import Folders
from gpuspec.lint.settings import Settings

FILES = [
    "a.gpu.jsonc", "b.gpu.jsonc", "keep.gpu.jsonc", "build/a.gpu.jsonc", "src/build/a.gpu.jsonc", "doc/a.gpu.jsonc",
    "src/doc/a.gpu.jsonc", "src/x1.gpu.jsonc", "src/x2.gpu.jsonc", "src/deep/er/y.gpu.jsonc", "src/[z].gpu.jsonc",
    "tmp/keep/a.gpu.jsonc", "sub/a.gpu.jsonc", "sub/b.gpu.jsonc", "sub/inner/b.gpu.jsonc",
]  # fmt: skip
ROOT = """
# comment
build/
/doc
*.log
src/x[13].gpu.jsonc
src/**/y.gpu.jsonc
b.gpu.jsonc
!sub/b.gpu.jsonc
tmp/*
!tmp/keep
"""
SUB = "/b.gpu.jsonc\n!a.gpu.jsonc\n"


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    for name in FILES:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("{}")
    (tmp_path / ".gitignore").write_text(ROOT)
    (tmp_path / "sub" / ".gitignore").write_text(SUB)
    (tmp_path / ".git" / "info" / "exclude").write_text("keep.gpu.jsonc\n")
    return tmp_path


def kept_by_git(folder: Path) -> list[str]:
    listed = subprocess.run(
        ["git", "ls-files", "--others", "--exclude-standard", "-z", "*.gpu.jsonc"],
        cwd=folder, capture_output=True, text=True, check=True,
    )  # fmt: skip
    return sorted(filter(None, listed.stdout.split("\0")))


@pytest.mark.parametrize("below", [".", "src", "sub", "tmp"])
def test_folders_are_read_as_git_reads_them(
    repository: Path, below: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(repository / below)
    assert sorted(walk(".", Settings())) == kept_by_git(repository / below)


def test_gitignore_means_nothing_outside_a_repository(tmp_path: Path) -> None:
    (tmp_path / ".gitignore").write_text("*.gpu.jsonc\n")
    below = tmp_path / "inner"
    below.mkdir()
    assert gitignores_above(str(below)) == []


def test_a_folder_pattern_spares_files(tmp_path: Path) -> None:
    (tmp_path / ".gitignore").write_text("job.jsonc/\n")
    ignores = read_gitignore(str(tmp_path))
    assert not is_ignored(str(tmp_path / "job.jsonc"), False, ignores)
    assert is_ignored(str(tmp_path / "job.jsonc"), True, ignores)


def test_a_pipe_among_the_specs_is_not_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.gpu.jsonc").write_text("{}")
    os.mkfifo(tmp_path / "b.gpu.jsonc")
    assert list(walk(".", Settings())) == ["a.gpu.jsonc"]
    assert [spec.path for spec in Folders().alike("a.gpu.jsonc", "{}")] == ["a.gpu.jsonc"]


def test_include_and_exclude(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("a.gpu.jsonc", "old/b.gpu.jsonc", "jobs/c.jsonc", "run.sh", "jobs/d.json"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text("{}")
    settings = Settings(include=("jobs/*.jsonc",), exclude=("old/",), root=str(tmp_path))
    assert list(walk(".", settings)) == ["a.gpu.jsonc", "jobs/c.jsonc"]
    assert list(walk(".", settings, scripts=True)) == ["a.gpu.jsonc", "jobs/c.jsonc", "run.sh"]
