"""No circle between the modules of gpuspec, whatever imports what in whatever way.

import-linter (pyproject.toml) says which room may know which. This looks at single modules, and counts what it does
not see: imports for types only, inside functions, and by a name in a string.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

ROOT = Path(__file__).parents[2]


def imported(tree: ast.Module, package: str, modules: set[str]) -> Iterator[str]:
    """The names that a module's text imports, or gives as a string that could be imported."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = package.rsplit(".", node.level - 1)[0] if node.level else None
            start = ".".join(filter(None, (above, node.module)))
            for alias in node.names:
                inner = f"{start}.{alias.name}"
                yield inner if inner in modules else start
        elif isinstance(node, ast.JoinedStr) and isinstance(first := node.values[0], ast.Constant):
            # f"gpuspec.launch.{name}" may be any module of the folder.
            known = str(first.value)
            yield from (name for name in modules if known.startswith("gpuspec.") and name.startswith(known))
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and "." in node.value:
            yield node.value.split(":")[0]  # of "gpuspec.rules.spec.schema:Schema" the module


def graph_of(root: Path, folder: str = "gpuspec") -> dict[str, set[str]]:
    """Module → the modules in `folder` that it imports, named as seen from `root`."""
    names = {}
    for path in sorted((root / folder).rglob("*.py")):
        parts = path.relative_to(root).with_suffix("").parts
        names[path] = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
    modules = set(names.values())
    graph = {}
    for path, name in names.items():
        package = name if path.name == "__init__.py" else name.rpartition(".")[0]
        found = imported(ast.parse(path.read_text(encoding="utf-8")), package, modules)
        graph[name] = {other for other in found if other in modules} - {name}
    return graph


def circle(graph: dict[str, set[str]]) -> list[str]:
    """One circle, its modules in order; an empty list where there is none."""
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        return list(error.args[1])
    return []


def floors() -> dict[str, int]:
    """The layers of pyproject.toml: folder or module → how far from the top."""
    with open(ROOT / "pyproject.toml", "rb") as file:
        (contract,) = tomllib.load(file)["tool"]["importlinter"]["contracts"]
    rows = [[name.strip() for name in row.split("|")] for row in contract["layers"]]
    return {name: depth for depth, row in enumerate(rows) for name in row}


def floor_of(module: str, layers: dict[str, int]) -> str:
    (found,) = [name for name in layers if f"{module}.".startswith(f"{name}.")]
    return found


def test_there_is_no_circle() -> None:
    graph = graph_of(ROOT)
    assert len(graph) > 300
    assert circle(graph) == []
    assert circle(graph_of(ROOT / "benchmarks", ".")) == []


def test_every_module_has_a_floor_and_imports_downwards() -> None:
    """All but the root, which names the public surface and is imported by none, and plugin/, whose files stand on
    several floors."""
    graph, layers = graph_of(ROOT), floors()
    assert not [name for name, others in graph.items() if {"gpuspec", "gpuspec.plugin"} & others]
    for name in graph.keys() - {"gpuspec", "gpuspec.plugin"}:
        own = floor_of(name, layers)
        for other in graph[name]:
            below = floor_of(other, layers)
            assert own == below or layers[own] < layers[below], f"{name} imports {other}"


@pytest.mark.parametrize(
    "text",
    [
        "import gpuspec.b",
        "from gpuspec import b",
        "from gpuspec.b import C",
        "from . import b",
        "from .b import C",
        "def f():\n    from gpuspec.b import C",
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from gpuspec.b import C",
        "from importlib import import_module\nimport_module('gpuspec.b')",
        "TABLE = {'C': 'gpuspec.b:C'}",
        "def f(x):\n    import_module(f'gpuspec.{x}')",
    ],
)
def test_every_way_to_import_counts(text: str, tmp_path: Path) -> None:
    (tmp_path / "gpuspec").mkdir()
    for name, source in (("__init__", ""), ("a", text), ("b", "import gpuspec.a")):
        (tmp_path / "gpuspec" / f"{name}.py").write_text(source)
    assert sorted(set(circle(graph_of(tmp_path)))) == ["gpuspec.a", "gpuspec.b"]
