"""What a cold `gpuspec lint` and `size` may not import: every one of these is paid at each commit."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.lint import CLEAN
from gpuspec.catalog import Gpu
from gpuspec.catalog.model import Model
from gpuspec.cli.run_lint import lint_files
from gpuspec.planning.alternatives import Alternative
from gpuspec.planning.market import Market
from gpuspec.planning.measure import Measure
from gpuspec.sizing import shape
from tests.operations import lines_run

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


SPEED = (
    "gpuspec.sizing.speed",
    "gpuspec.planning.answering",
    "gpuspec.planning.replicas",
    "gpuspec.planning.job_length",
)
"""How fast a job is, and how long it takes: asked where a rule wants it, and a clean file seldom has such."""
OF_ONE_COMMAND = ("gpuspec.planning.breakeven", "gpuspec.planning.what_if", "gpuspec.catalog.api_prices")


def loaded_by(command: str, what: str) -> list[str]:
    """The modules that a command loads for an example, which it finds nothing wrong with."""
    code = (
        "import sys; before = set(sys.modules); from gpuspec.__main__ import main;"
        f"sys.argv = ['gpuspec', '{command}', '{what}']; status = main();"
        "print(status, *sorted(set(sys.modules) - before), sep='\\n', file=sys.stderr)"
    )
    nothing_ran = {**os.environ, "GPUSPEC_STATE_DIR": str(ROOT / "no-such-folder")}
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env=nothing_ran, capture_output=True, text=True
    )
    status, *loaded = done.stderr.split()
    assert status == "0", done.stdout + done.stderr
    return loaded


def ours(loaded: list[str]) -> list[str]:
    return [name for name in loaded if name.startswith("gpuspec")]


# Few rules have something to look at; nearly all have. A module takes 0.15 ms: for each that is added here one that
# is not needed by every such file is imported inside the function that needs it.
@pytest.mark.parametrize(("spec", "most"), [("hello", 170), ("batch-70b-awq", 258)])
def test_lint_of_a_clean_file_imports_nothing_dear(spec: str, most: int) -> None:
    loaded = loaded_by("lint", f"examples/{spec}.jsonc")
    assert len(ours(loaded)) <= most, f"{len(ours(loaded))} modules"
    never = OF_ONE_COMMAND if spec == "batch-70b-awq" else (*SPEED, *OF_ONE_COMMAND)
    assert [name for name in loaded if name.startswith(never)] == []
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


def test_size_loads_what_it_shows() -> None:
    """≤ 120 ms where Python takes 10: of which click takes 17, and 150 modules of ours 30."""
    loaded = loaded_by("size", "Llama-3.1-8B")
    assert len(ours(loaded)) <= 173, f"{len(ours(loaded))} modules"
    dear = (
        *OF_ONE_COMMAND,
        "gpuspec.planning.replicas",
        "gpuspec.lint.runner",
        "gpuspec.launch",
        "shutil",
        "subprocess",
    )
    assert [name for name in loaded if name.startswith(dear)] == []


def test_lint_of_one_more_file_is_little_work(tmp_path: Path) -> None:
    """0.5 ms where Python starts in 10: 4,300 lines in November 2026, of which 3,900 are run."""
    for number in range(25):
        (tmp_path / f"{number:02}.gpu.jsonc").write_text(CLEAN.replace("process", f"process_{number}"))
    files = sorted(map(str, tmp_path.iterdir()))
    lint_files(files[:5])
    few, many = lines_run(lambda: lint_files(files[:5])), lines_run(lambda: lint_files(files))
    assert (many - few) / 20 < 4_300


def test_each_machine_is_looked_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Three rules compare the H100 with what is cheaper, and each comparison asks for both machines."""
    asked: list[tuple[str, str, int]] = []
    with_room, alternative, worked_out = Measure._with_room, Market.alternative, shape._worked_out

    def room(self: Measure, gpu: Gpu, gpu_count: int) -> int:
        asked.append((f"room {id(self)}", gpu.name, gpu_count))
        return with_room(self, gpu, gpu_count)

    def priced(self: Market, gpu: Gpu, gpu_count: int, pointer: str = "") -> Alternative:
        asked.append((f"price {id(self)} {pointer}", gpu.name, gpu_count))
        return alternative(self, gpu, gpu_count, pointer)

    def shaped(model: Model | None, params: float) -> shape.Shape:
        asked.append((f"shape {len(asked)}", "", 1))
        return worked_out(model, params)

    monkeypatch.setattr(Measure, "_with_room", room)
    monkeypatch.setattr(Market, "alternative", priced)
    monkeypatch.setattr(shape, "_worked_out", shaped)
    lint_files([str(ROOT / "examples/bad/h100-for-7b.jsonc")])
    assert len([what for what, *_ in asked if what.startswith("room")]) > 20
    assert len(asked) == len(set(asked))
    assert len([what for what, *_ in asked if what.startswith("shape")]) <= 1


def test_a_plan_loads_nothing_that_launches() -> None:
    loaded = loaded_by("plan", "examples/hello.jsonc")
    assert "gpuspec.planning.rank" in loaded
    assert [name for name in loaded if name.startswith(("gpuspec.launch", "sqlite3", "subprocess"))] == []
