"""Items named by a pattern: as the standard library finds them, but bounded where links lead out or in circles."""

from __future__ import annotations

import glob
import os
import subprocess
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gpuspec.errors import UserError
from gpuspec.job import Job
from gpuspec.launch import items
from gpuspec.launch.on_machine.item_runner.glob_inside import glob_inside

NAMES = ["a", "b.wav", ".hidden", "[x]", "c d"]


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Every name as a folder, two levels deep, and as a file with .txt."""
    root = tmp_path_factory.mktemp("tree")
    for first in NAMES:
        for second in NAMES:
            (root / first / second).mkdir(parents=True)
            (root / first / second / "b.wav.txt").touch()
        (root / first / "a.txt").touch()
        (root / f"{first}.txt").touch()
    return root


@settings(max_examples=300, deadline=None)
@given(
    st.lists(
        st.sampled_from(["**", "*", "a*", "?", "[ab]*", ".*", "*.txt", "a", "b.wav", "none"]),
        min_size=1,
        max_size=4,
    ),
    st.booleans(),
)
def test_without_links_it_finds_what_glob_finds(tree: Path, parts: list[str], folders_only: bool) -> None:
    pattern = "/".join(parts) + "/" * folders_only
    expected = glob.glob(pattern, root_dir=tree, recursive=True)
    found = glob_inside(pattern, str(tree))
    # glob writes a folder that `**` ends at with a slash, and one before a last `**` without looking for it
    there = {path.rstrip("/") for path in expected if (tree / path).exists()} - {""}
    assert {match.path.rstrip("/") for match in found} == there
    assert not any(match.linked for match in found)


def test_folders_linked_into_themselves_are_not_entered(tmp_path: Path) -> None:
    (tmp_path / "x.wav").touch()
    for name in "abcd":
        (tmp_path / name).symlink_to(".")  # 4^40 paths until the system says that it is a loop
    assert items.resolve(Job(items="**/*.wav"), str(tmp_path)) == ("x.wav",)
    assert items.resolve(Job(items="*/*.wav"), str(tmp_path)) == ("a/x.wav", "b/x.wav", "c/x.wav", "d/x.wav")


def test_a_deep_tree_is_walked(tmp_path: Path) -> None:
    here = os.getcwd()
    try:
        os.chdir(tmp_path)
        for _ in range(1500):  # deeper than Python calls itself
            os.mkdir("d")
            os.chdir("d")
        (tmp_path / "x.wav").touch()
        assert items.resolve(Job(items="**/*.wav"), str(tmp_path)) == ("x.wav",)
    finally:
        os.chdir(here)
        subprocess.run(["rm", "-rf", str(tmp_path / "d")], check=True)  # which Python cannot, either


@pytest.mark.parametrize("pattern", ["**/*", "data/*", "*/*.wav", "data/link.wav", "data/l*"])
def test_a_link_that_leads_out_is_refused(tmp_path: Path, pattern: str) -> None:
    outside, work = tmp_path / "outside", tmp_path / "work"
    (work / "data").mkdir(parents=True)
    outside.mkdir()
    (outside / "secret.wav").touch()
    (work / "data" / "link.wav").symlink_to(outside / "secret.wav")
    with pytest.raises(UserError) as caught:
        items.resolve(Job(items=pattern), str(work))
    assert caught.value.code == "items-outside"
    assert "data/link.wav" in caught.value.message


def test_a_folder_that_leads_out_is_refused_where_it_is_named_and_else_passed_over(tmp_path: Path) -> None:
    outside, work = tmp_path / "outside", tmp_path / "work"
    work.mkdir()
    outside.mkdir()
    (outside / "secret.wav").touch()
    (work / "own.wav").touch()
    (work / "data").symlink_to(outside)
    assert items.resolve(Job(items="**/*.wav"), str(work)) == ("own.wav",)
    for pattern in ("data/*.wav", "d*/*.wav", "*/secret.wav"):
        with pytest.raises(UserError) as caught:
            items.resolve(Job(items=pattern), str(work))
        assert caught.value.code == "items-outside"


def test_a_link_inside_is_an_item(tmp_path: Path) -> None:
    (tmp_path / "x.wav").touch()
    (tmp_path / "y.wav").symlink_to("x.wav")
    (tmp_path / "broken.wav").symlink_to("nowhere")
    assert items.resolve(Job(items="*.wav"), str(tmp_path)) == ("x.wav", "y.wav")
