"""What travels to a rented machine needs nothing there but an old Python and what travels with it."""

from __future__ import annotations

import ast
import inspect
import io
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

import gpuspec.launch.on_machine
from gpuspec.launch import Redactor, Watch, items
from gpuspec.launch.downloads import program_zip

ROOM = Path(gpuspec.launch.on_machine.__file__).parent
SHARED = ROOM.parents[1] / "printable.py"
"""Goes with each program, so that it prints as gpuspec does."""
FILES = [*sorted(ROOM.rglob("*.py")), SHARED]
OLDEST = (3, 8)
NEWER = {"tomllib", "zoneinfo", "graphlib"}
"""Modules of the standard library that Python 3.8 does not have."""


def imported(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """(level, module) of each import: level 1 is `from .module import …`."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            yield node.level, node.module or ""
        elif isinstance(node, ast.Import):
            yield from ((0, name.name) for name in node.names)


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOM.parents[1])))
def test_a_file_that_travels_stands_alone(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"), feature_version=OLDEST)
    siblings = set() if path.parent.parent != ROOM else {each.stem for each in path.parent.glob("*.py")}
    for level, module in imported(tree):
        if level and path.parents[level - 1] / f"{module}.py" == SHARED:
            assert path.parent.parent == ROOM  # not what launchers of plugins send file by file
        elif level:
            assert level == 1
            assert module in siblings
        else:
            top = module.partition(".")[0]
            assert top in sys.stdlib_module_names
            assert top not in NEWER


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOM.parents[1])))
def test_its_annotations_are_not_evaluated(path: Path) -> None:
    """`dict[str, Any]` and `X | None` are errors where Python 3.8 evaluates them."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    annotated = any(
        isinstance(node, ast.AnnAssign) or (isinstance(node, ast.FunctionDef) and node.returns)
        for node in ast.walk(tree)
    )
    postponed = any(isinstance(node, ast.ImportFrom) and node.module == "__future__" for node in tree.body)
    assert postponed or not annotated


@pytest.mark.parametrize("package", [each.name for each in ROOM.iterdir() if (each / "__init__.py").exists()])
def test_all_of_a_program_travels(package: str) -> None:
    packed = program_zip(package, "module")
    with zipfile.ZipFile(io.BytesIO(packed)) as archive:
        zipped = {name: archive.read(name).decode() for name in archive.namelist()}
    room = "gpuspec/launch/on_machine"
    assert zipped.pop("__main__.py") == f"from {room.replace('/', '.')}.{package}.module import run\nrun()\n"
    assert zipped == {
        **dict.fromkeys((f"{above}/__init__.py" for above in ("gpuspec", "gpuspec/launch", room)), ""),
        "gpuspec/printable.py": SHARED.read_text("utf-8"),
        **{
            f"{room}/{package}/{each.name}": each.read_text("utf-8") for each in (ROOM / package).glob("*.py")
        },
    }
    assert program_zip(package, "module") == packed


def test_programs_are_started_apart_from_the_workdir() -> None:
    assert "python3 -I .gpuspec/item_runner.pyz" in items.script({})
    for public in (Redactor, Watch):  # plugins send the files of these with their agents
        assert Path(inspect.getfile(public)).parent == ROOM
