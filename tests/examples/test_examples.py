"""Every example does what it says: the good ones are clean and have a plan, the bad ones are caught."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import json5
import jsonschema
import pytest
from waiting import PATIENCE

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "examples"
GOOD = sorted(EXAMPLES.glob("*.jsonc"))
BAD = sorted(path for path in (EXAMPLES / "bad").iterdir() if path.suffix in (".jsonc", ".sh"))
SCHEMA = json.loads((ROOT / "schemas/job.schema.json").read_text(encoding="utf-8"))

CAUGHT = {
    "a100-for-sd15": "GS101",
    "h100-for-7b": "GS101",
    "llama-70b-on-two-a100s": "GS201",
    "idle-after-work": "GS401",
    "no-quantization": "GS201",
    "one-pod-per-item": "GS301",
    "over-provisioned-sdxl": "GS101",
    "two-gpus-when-one-fits": "GS103",
    "missing-download": "GS403",
    "no-time-limit": "GS402",
    "results-lost": "GS408",
    "spot-without-checkpoint": "GS502",
}
"""Mistake → the rule that is about it."""


def gpuspec(*arguments: str, cwd: Path = ROOT, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "gpuspec", *arguments],
        cwd=cwd,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        stdin=subprocess.DEVNULL,
    )


def name(path: Path) -> str:
    return path.stem


def known_rules() -> set[str]:
    return set(re.findall(r"^(GS\d+)", gpuspec("rules").stdout, re.MULTILINE))


@pytest.mark.parametrize("path", [*GOOD, *(p for p in BAD if p.suffix == ".jsonc")], ids=name)
def test_it_is_valid_by_two_independent_readers(path: Path) -> None:
    value = json5.loads(path.read_text(encoding="utf-8"))
    jsonschema.Draft7Validator(SCHEMA).validate(value)
    assert value["name"] == path.stem


@pytest.mark.parametrize("path", GOOD, ids=name)
def test_a_good_one_is_clean(path: Path) -> None:
    done = gpuspec("lint", str(path.relative_to(ROOT)))
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == "clean: 1 file\n"


@pytest.mark.parametrize("path", [path for path in GOOD if path.stem != "hello"], ids=name)
def test_a_good_one_has_a_plan(path: Path) -> None:
    done = gpuspec("plan", str(path), "--json")
    assert done.returncode == 0, done.stderr
    plan = json.loads(done.stdout)
    assert plan["choice"] is not None


@pytest.mark.parametrize("path", BAD, ids=name)
def test_a_bad_one_is_caught_by_the_rule_about_it(path: Path) -> None:
    rule = CAUGHT[path.stem]
    if rule not in known_rules():
        pytest.skip(f"{rule} is not written yet")
    done = gpuspec("lint", "--select", rule, "--format", "concise", str(path.relative_to(ROOT)))
    assert f" {rule} " in done.stdout, done.stdout + done.stderr


def test_hello_runs_to_its_end_without_a_network(tmp_path: Path) -> None:
    (tmp_path / "hello.jsonc").write_bytes((EXAMPLES / "hello.jsonc").read_bytes())
    done = gpuspec(
        "run",
        "hello.jsonc",
        "--on",
        "local",
        "--yes",
        cwd=tmp_path,
        GPUSPEC_STATE_DIR=str(tmp_path / "state"),
        HTTPS_PROXY="http://127.0.0.1:9",
    )
    assert done.returncode == 0, done.stderr
    assert "hello from gpuspec\n" in done.stdout
    assert (tmp_path / "results/hello.txt").read_text() == "hello from gpuspec\n"
    assert "succeeded" in gpuspec("ps", GPUSPEC_STATE_DIR=str(tmp_path / "state")).stdout


@pytest.mark.parametrize("path", sorted(EXAMPLES.rglob("*.py")), ids=name)
def test_companion_scripts_are_python(path: Path) -> None:
    compile(path.read_text(encoding="utf-8"), str(path), "exec")


def test_every_example_stands_in_the_readme() -> None:
    listed = set(re.findall(r"^\| `(\S+)`", (EXAMPLES / "README.md").read_text(), re.MULTILINE))
    assert listed == {path.name for path in GOOD}
