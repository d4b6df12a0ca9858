"""The checkers that guard the layout: ruff, mypy --strict, import-linter, and our own size limits."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
GENERATED = ROOT / "gpuspec" / "job" / "accept.py"
SOURCES = sorted(path for path in (ROOT / "gpuspec").rglob("*.py") if path != GENERATED)
FORBIDDEN_NAMES = {"util", "utils", "helper", "helpers", "manager", "misc", "common"}


def run(*command: str) -> None:
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def test_ruff_finds_nothing() -> None:
    run(sys.executable, "-m", "ruff", "check", ".")


def test_ruff_would_not_reformat() -> None:
    run(sys.executable, "-m", "ruff", "format", "--check", ".")


def test_mypy_strict() -> None:
    run(sys.executable, "-m", "mypy")


def test_floors_are_respected() -> None:
    run(str(Path(sys.executable).with_name("lint-imports")))


def test_files_read_as_one_thought() -> None:
    """At most 400 lines a file and 70 a function, and no file that is named after nothing."""
    found = []
    for path in SOURCES:
        text, name = path.read_text(encoding="utf-8"), path.relative_to(ROOT)
        lines = text.count("\n")
        found += [f"{name}: {lines} lines"] if lines > 400 else []
        found += [f"{name}: a name that says nothing"] if path.stem in FORBIDDEN_NAMES else []
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                size = (node.end_lineno or node.lineno) - node.lineno + 1
                found += [f"{name}:{node.lineno}: {node.name} is {size} lines long"] if size > 70 else []
    assert found == []
