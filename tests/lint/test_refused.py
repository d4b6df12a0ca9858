"""What is wrong is not absent: a field that the file means to set, in a way that its format refuses, is reported by
GS003 alone, in every format and by every rule that would ask for it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from gpuspec.formats import read
from gpuspec.lint.rule import Rule
from gpuspec.lint.runner import Linter
from gpuspec.lint.settings import Settings
from gpuspec.rules import RULES, collect
from gpuspec.testing import lint_text
from gpuspec.text import Edit, parse
from gpuspec.text.rewrite import apply

GOLDEN = Path(__file__).parents[1] / "golden"
WRONG: dict[str, Any] = {"gpu_types": ["L4", 5], "model": {"id": 5}}
"""Field → what its format refuses; of others a map with a key that nobody has."""
ASKING = [
    (row.code, field)
    for row in RULES
    for field in dict.fromkeys(one.partition(".")[0] for one in row.asks_for)
    if field != "deployment"  # a job spec has none
]


def bad_specs(code: str) -> list[bytes]:
    return [path.read_bytes() for path in sorted((GOLDEN / code).glob("bad-*.jsonc"))]


def codes(path: str, text: str) -> list[str]:
    found = Linter(collect(), debug=True).documents(
        read(path, text.encode(), on_disk=False), Settings(pedantic=True)
    )
    return [item.finding.code for item in found]


@pytest.mark.parametrize(("code", "field"), ASKING)
def test_no_rule_takes_what_is_refused_for_absent(code: str, field: str) -> None:
    rule: type[Rule] = type(next(row.rule for row in RULES if row.code == code))
    for data in bad_specs(code):
        wrong = WRONG.get(field, {"nobodys": [{}]})
        text = apply(parse(data.decode()), [Edit("set", f"/{field}", wrong)])
        found = lint_text(text.encode(), [rule], prices="seed-2025")
        assert [item.finding.message for item in found] == []


@pytest.mark.parametrize(
    ("written", "silent"),
    [
        ('"keep_alive_minutes": "3"', "GS401"),
        ('"keep_alive_minuts": 3', "GS401"),  # what it is meant to be is plain
        ('"cooldown_minutes": "3"', "GS401"),  # by its old name
        ('"budget": { "max_hours": "2" }', "GS402"),
        ('"budget": { "max_hour": 2 }', "GS402"),
        ('"max_hours": 2', "GS402"),  # it belongs in `budget`
        ('"outputs": { "path": "o" }', "GS408"),
        ('"outputs": ["../o"]', "GS408"),
    ],
)
def test_what_is_refused_in_a_job_spec(written: str, silent: str) -> None:
    kept = '"keep_alive_minutes": 3, ' if silent != "GS401" else ""
    start = f'{{"task": "batch", "gpu_types": ["RTX 4090"], {kept}"run": "python x.py --output_dir o"'
    assert silent in codes("job.jsonc", start + "}")
    found = codes("job.jsonc", f"{start}, {written}}}")
    assert "GS003" in found
    assert silent not in found


@pytest.mark.parametrize(
    ("written", "silent"),
    [
        ("autostop: never", "GS401"),
        ("autostop: 1.5", "GS401"),
        ("autostop: [30]", "GS401"),
        ("autostop: {idle_minutes: 10m}", "GS401"),
        ("autostop: {idle_minuts: 10}", "GS401"),
        ("autostops: 10", "GS401"),
    ],
)
def test_what_is_refused_in_a_skypilot_task(written: str, silent: str) -> None:
    text = "resources:\n  accelerators: A100:1\n{}run: python train.py\n"
    assert silent in codes("task.yaml", text.format(""))
    found = codes("task.yaml", text.format(f"  {written}\n"))
    assert "GS003" in found
    assert silent not in found


@pytest.mark.parametrize(
    ("written", "silent"),
    [
        ("max_duration: 12 hours", "GS402"),
        ("max_duration: 2h30m", "GS402"),
        ("max_durations: 2h", "GS402"),
        ("spot_policy: cheap", "GS501"),
        ("spot_policy: yes", "GS501"),
        ("max_price: cheap", "GS504"),
    ],
)
def test_what_is_refused_in_a_dstack_run(written: str, silent: str) -> None:
    text = "type: task\ncommands: [python train.py]\n{}resources:\n  gpu: A100:80GB:1\n"
    found = codes("train.dstack.yml", text.format(written + "\n"))
    assert "GS003" in found
    assert silent not in found


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("task.yaml", "resources:\n  accelerators: L4\n  autostop: 2H\n  use_spot: no\nrun: python a.py\n"),
        ("task.yaml", "resources:\n  accelerators: L4\n  autostop: {idle_minutes: 5, down: true}\nrun: x\n"),
        ("task.yaml", "resources:\n  accelerators: L4\n  autostop: ${MINUTES}\nrun: python a.py\n"),
        (
            "task.yaml",
            "resources:\n  any_of: [{accelerators: L4}, {accelerators: T4, use_spot: true}]\nrun: x\n",
        ),
        ("a.dstack.yml", "type: task\nmax_duration: off\ncommands: [x]\nresources: {gpu: L4}\n"),
        ("a.dstack.yml", "type: service\nport: 80\nmax_price: '2.5'\ncommands: [x]\nresources: {gpu: L4}\n"),
        ("compose.yaml", "x-a: 1\nservices:\n  a:\n    image: b\n    x-c: 2\n    gpus: all\n"),
        ("compose.yaml", "services:\n  a:\n    image: b\n    gpus: all\n    something_newer: 2\n"),
    ],
)
def test_what_is_taken_is_not_refused(path: str, text: str) -> None:
    assert "GS003" not in codes(path, text)


@pytest.mark.parametrize(
    ("path", "text", "told"),
    [
        ("task.yaml", "resources:\n  accelerators: L4\nrun: x\nsetpu: y\n", "`setpu`"),
        ("task.yaml", "resources:\n  acelerators: L4\n  infra: aws\nrun: x\n", "`resources.acelerators`"),
        ("task.yaml", "resources:\n  any_of:\n  - accelerators: L4\n    use_spots: true\nrun: x\n", "any_of"),
        ("a.dstack.yml", "type: task\ncomands: [x]\nresources: {gpu: L4}\n", "`comands`"),
        (
            "a.dstack.yml",
            "type: task\ncommands: [x]\nresources: {gpu: {name: L4, mem: 24GB, counts: 2}}\n",
            "counts",
        ),
        (
            "compose.yaml",
            "services:\n  a:\n    image: b\n    gpus: all\n    enviroment: [A=1]\n",
            "enviroment",
        ),
        ("compose.yaml", "volume: {}\nservices:\n  a:\n    image: b\n    gpus: all\n", "`volume`"),
    ],
)
def test_a_misspelt_key_is_told_with_what_is_meant(path: str, text: str, told: str) -> None:
    found = Linter(collect(), debug=True).documents(
        read(path, text.encode(), on_disk=False), Settings(pedantic=True)
    )
    (one,) = [item.finding for item in found if item.finding.code == "GS003"]
    assert told in one.message
    assert "did you mean" in one.message
    assert one.severity == "error"
