"""A dependency that everybody must install does some work."""

from __future__ import annotations

import ast
import re
import sys
from importlib.metadata import packages_distributions
from pathlib import Path

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

ROOT = Path(__file__).parents[2]


def test_every_dependency_is_imported() -> None:
    with open(ROOT / "pyproject.toml", "rb") as file:
        project = tomllib.load(file)["project"]
    imported = set()
    for path in (ROOT / "gpuspec").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                imported |= {alias.name.partition(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom):
                imported.add(str(node.module).partition(".")[0])
    modules = packages_distributions()
    idle = []
    for requirement in project["dependencies"]:
        name = re.split(r"[^A-Za-z0-9_.-]", requirement)[0]
        provided = [module for module, owners in modules.items() if name in owners] or [
            name.replace("-", "_")
        ]
        if imported.isdisjoint(provided):
            idle.append(name)
    assert not idle
    assert len(project["dependencies"]) > 5
