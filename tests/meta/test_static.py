"""The checkers that guard the layout: ruff, mypy --strict, import-linter, and our own size limits."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SOURCES = sorted((ROOT / "gpuspec").rglob("*.py"))
GENERATED = {ROOT / "gpuspec" / "job" / "accept.py"}
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


@pytest.mark.parametrize(
    "path", [p for p in SOURCES if p not in GENERATED], ids=lambda p: str(p.relative_to(ROOT))
)
def test_a_file_reads_as_one_thought(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert text.count("\n") <= 400, f"{path} is over 400 lines"
    assert path.stem not in FORBIDDEN_NAMES
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            size = (node.end_lineno or node.lineno) - node.lineno + 1
            assert size <= 70, f"{path}:{node.lineno}: {node.name} is {size} lines long"
