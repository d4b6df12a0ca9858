"""No test depends on how fast the machine is: what it waits for has the patience of `waiting.py`."""

from __future__ import annotations

import ast
from pathlib import Path

ROOT = Path(__file__).parents[2]
WAITS = {"communicate", "wait", "join", "run", "check_output", "check_call", "wait_for"}
NOT_YET = 1.0
"""Seconds up to which a test looks whether something has *not* happened."""


def limit(call: ast.Call) -> float | None:
    """The number of seconds that a call waits at most, where the test says so itself."""
    name = call.func.attr if isinstance(call.func, ast.Attribute) else ""
    given = [keyword.value for keyword in call.keywords if keyword.arg == "timeout"]
    given += call.args[:1] if name in ("wait", "join") else []
    numbers = [each.value for each in given if isinstance(each, ast.Constant)]
    number = next((each for each in numbers if isinstance(each, (int, float))), None)
    return number if name in WAITS else None


def test_nothing_that_tests_wait_for_has_a_limit_of_its_own() -> None:
    paths = [path for folder in ("tests", "plugins") for path in sorted((ROOT / folder).rglob("*.py"))]
    paths = [path for path in paths if not {"scripts", "golden", "e2e"} & set(path.parts)]
    found = [
        f"{path.relative_to(ROOT)}:{node.lineno}: {seconds:g} s"
        for path in paths
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and (seconds := limit(node)) is not None and NOT_YET < seconds < 100
    ]
    assert found == []
