"""Our reading of .gitignore against git's own."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from gpuspec.lint import neighbours
from gpuspec.lint.discover import walk
from gpuspec.lint.gitignore import GitIgnore, gitignores_above, is_ignored, read_gitignore
from gpuspec.lint.globs import glob_matches, glob_means
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


@pytest.mark.parametrize(
    ("glob", "means", "not_"),
    [
        ("[b-ax].gpu.jsonc", "b.gpu.jsonc", "a.gpu.jsonc"),  # a range that ends before it begins
        ("a/**/**/b", "a/b", "a/xb"),
        ("*a*b*c", "xaxbxc", "xaxcxb"),
        ("**/x/*y", "q/x/zy", "x/q/y"),
        ("a/**/b/*.c", "a/b/q/b/x.c", "a/b/q/x.c"),
        ("[!]x]", "y", "]"),
        ("[a-]", "-", "b"),
    ],
)
def test_globs_mean_what_they_mean_to_git(glob: str, means: str, not_: str, repository: Path) -> None:
    (repository / ".gitignore").write_text(glob + "\n")
    for path, ignored in ((means, True), (not_, False)):
        asked = subprocess.run(["git", "check-ignore", "-q", "--no-index", path], cwd=repository, check=False)
        assert (asked.returncode == 0, glob_means(path, glob)) == (ignored, ignored)


@pytest.mark.parametrize(
    ("glob", "path"),
    [
        ("*a" * 60 + "b", "a" * 250),
        ("**/a/" * 30 + "b", "a/" * 400 + "c"),
        ("**/*a*a*a*a*a/" * 10 + "b", ("a" * 100 + "/") * 40),
        ("a**" * 60 + "b", "a" * 1000),
        ("[" * 4000 + "\\]", "[" * 200),
        ("[" + "\\\\" * 2000, "\\" * 100),
        ("*" * 4000, "a/" * 1000 + "b\n"),
        ("a" * 5000, "a" * 5000),
    ],
)
def test_globs_that_would_be_tried_in_every_way(glob: str, path: str) -> None:
    """Each was minutes, or ages."""
    assert not glob_matches(path, glob + "c")
    assert not glob_means(path, glob + "c")


def test_a_gitignore_of_many_lines(repository: Path) -> None:
    plain = "".join(f"file{number}.txt\n" for number in range(50_000))
    (repository / ".gitignore").write_text(plain + "file7\nsub/a.gpu.jsonc\n!file7\n" + " " * 300_000 + "x\n")
    unread: list[OSError] = []
    (read,) = read_gitignore(str(repository), unread=unread)
    assert [read.says(name, False) for name in ("d/file49999.txt", "file7", "sub/a.gpu.jsonc", "sub")] == [
        True,
        False,
        True,
        None,
    ]
    (repository / ".gitignore").write_text("*.a\n" + "".join(f"*.{number}\n" for number in range(2000)))
    assert read_gitignore(str(repository), unread=unread) == []
    assert [error.strerror for error in unread] == ["it has more than 2,000 lines with wildcards"]


def test_gitignores_of_folders_in_one_another_count_together(repository: Path) -> None:
    """Each path was held against the lines of all of them: 1,500 folders deep took half a minute."""
    folder = repository
    held: list[GitIgnore] = []
    unread: list[OSError] = []
    for _ in range(101):
        folder = folder / "d"
        folder.mkdir()
        (folder / ".gitignore").write_text("x\n")
        held = read_gitignore(str(folder), held, unread=unread)
    assert len(held) == 100
    assert [error.strerror for error in unread] == ["more than 100 folders above have one, too"]
    (folder / ".gitignore").write_text("".join(f"*.{number}\n" for number in range(1500)))
    both = read_gitignore(str(folder), read_gitignore(str(folder)), unread=unread)
    assert len(both) == 1
    assert unread[1].strerror == "it and those of the folders above have more than 2,000 lines with wildcards"


def test_a_large_spec_is_compared_with_no_neighbour(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The pieces of 8 MiB of text took a gigabyte, and none of its neighbours is read to such a length."""
    (tmp_path / "a.gpu.jsonc").write_text('{ "run": "true" }')
    (tmp_path / "b.gpu.jsonc").write_text('{ "run": "false" }')
    compared: list[int] = []
    monkeypatch.setattr(neighbours, "skeleton", lambda text: compared.append(len(text)) or "")
    assert Folders().alike(str(tmp_path / "c.gpu.jsonc"), "[" * (neighbours.LARGEST + 1)) == []
    assert compared == []
