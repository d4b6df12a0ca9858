"""Markers are those of pluggy, entry points those that Python itself finds."""

from __future__ import annotations

import importlib.metadata
import inspect
import sys
from pathlib import Path

import pluggy
import pytest

from gpuspec.plugin import hooks as hookspecs
from gpuspec.plugin.load import HOOKS, EntryPoint, entry_points, hookimpl


def test_the_markers_are_those_of_pluggy() -> None:
    def theirs() -> None: ...
    def ours() -> None: ...

    assert vars(hookimpl(ours)) == vars(pluggy.HookimplMarker("gpuspec")(theirs))


def test_the_loader_knows_every_hook() -> None:
    specified = [name for name, value in vars(hookspecs).items() if inspect.isfunction(value)]
    assert list(HOOKS) == specified
    assert not [name for name in specified if inspect.signature(getattr(hookspecs, name)).parameters]


def test_entry_points_agree_with_importlib(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for folder, name, text in (
        (
            "a",
            "one-1.0.dist-info",
            "[gpuspec]\n# comment\nx = m.n:attr\ny=other [extra]\n\n[gpuspec.more]\nz = no\n",
        ),
        ("a", "two-1.0.dist-info", "[console_scripts]\ngpuspec = no:main\n"),
        ("b", "one-2.0.dist-info", "[gpuspec]\nshadowed = by.a\n"),
        ("b", "three-1.0.egg-info", "[gpuspec]\nw = three\n"),
    ):
        info = tmp_path / folder / name
        info.mkdir(parents=True)
        (info / "entry_points.txt").write_text(text)
        for meta in ("METADATA", "PKG-INFO"):
            (info / meta).write_text(f"Metadata-Version: 2.1\nName: {name.split('-')[0]}\nVersion: 1.0\n")
    monkeypatch.setattr(sys, "path", [str(tmp_path / "a"), str(tmp_path / "b"), str(tmp_path / "gone")])
    ours = entry_points()
    a, b = str(tmp_path / "a"), str(tmp_path / "b")
    assert ours == [
        EntryPoint("w", "three", "three", f"{b}/three-1.0.egg-info"),
        EntryPoint("x", "m.n:attr", "one", f"{a}/one-1.0.dist-info"),
        EntryPoint("y", "other", "one", f"{a}/one-1.0.dist-info"),
    ]
    theirs = importlib.metadata.entry_points(group="gpuspec")
    assert [(p.name, p.value.split(" [")[0]) for p in sorted(theirs)] == [(p.name, p.module) for p in ours]
