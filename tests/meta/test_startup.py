"""What a cold `gpuspec lint` may not import: every one of these is paid at each commit."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
DEAR = {
    "click",
    "dataclasses",
    "huggingface_hub",
    "importlib.metadata",
    "inspect",
    "json5",
    "jsonschema",
    "logging",
    "packaging",
    "pathlib",
    "pluggy",
    "rich",
    "sky",
    "subprocess",
    "urllib",
    "yaml",
}


def loaded_by(command: str, spec: str) -> list[str]:
    """The modules that a command loads for an example, which it finds nothing wrong with."""
    code = (
        "import sys; before = set(sys.modules); from gpuspec.__main__ import main;"
        f"sys.argv = ['gpuspec', '{command}', 'examples/{spec}.jsonc']; status = main();"
        "print(status, *sorted(set(sys.modules) - before), sep='\\n', file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    status, *loaded = done.stderr.split()
    assert status == "0", done.stdout + done.stderr
    return loaded


@pytest.mark.parametrize(
    "spec", ["hello", "batch-70b-awq"]
)  # few rules have something to look at; nearly all have
def test_lint_of_a_clean_file_imports_nothing_dear(spec: str) -> None:
    loaded = loaded_by("lint", spec)
    assert "gpuspec.lint.runner" in loaded
    assert DEAR.isdisjoint(loaded), sorted(DEAR.intersection(loaded))
    # A model of the shipped list is at hand; reading a config.json takes sixty modules.
    rooms = [name for name in loaded if name.startswith("gpuspec.architectures.")]
    assert rooms in ([], ["gpuspec.architectures.parts"])
    # How much a model takes, and how quick it is, is asked where a job has one.
    assert ("gpuspec.sizing.inference" in loaded) == (spec == "batch-70b-awq")


def test_value_types_are_made_by_the_quick_named_tuple() -> None:
    """typing takes 0.1 to 0.2 ms for each."""
    ours = [path for path in (ROOT / "gpuspec").rglob("*.py") if "on_machine" not in path.parts]
    typings = re.compile(r"^ *from typing import .*\bNamedTuple\b", re.MULTILINE)
    slow = [str(path.relative_to(ROOT)) for path in ours if typings.search(path.read_text(encoding="utf-8"))]
    assert slow == ["gpuspec/named_tuple.py"], "write `from gpuspec.named_tuple import NamedTuple`"


def test_a_plan_loads_nothing_that_launches() -> None:
    loaded = loaded_by("plan", "hello")
    assert "gpuspec.planning.rank" in loaded
    assert [name for name in loaded if name.startswith(("gpuspec.launch", "sqlite3", "subprocess"))] == []
