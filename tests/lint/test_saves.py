"""What findings save together is what the job costs less once it is changed as they say."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from gpuspec.lint.files import lint_data
from gpuspec.lint.finding import Finding, Saving
from gpuspec.lint.result import Located, Place
from gpuspec.lint.runner import Linter, documents_in
from gpuspec.lint.saves import saves
from gpuspec.lint.settings import Settings
from gpuspec.planning.bill import SavingStep
from gpuspec.planning.case import Case, JobSettings
from gpuspec.planning.stacked import stacked
from gpuspec.rules import collect

LINTER = Linter(collect())
PRICES = """Cloud,Region,InstanceType,AcceleratorName,AcceleratorCount,vCPUs,MemoryGiB,Price,SpotPrice
lambda,,a,H100 PCIe,1,26,200,3.00,1.20
lambda,,b,L4,1,8,32,0.60,0.45
lambda,,c,L40S,1,8,64,1.50,
lambda,,d,L40S,2,16,128,3.00,
lambda,,e,A100-80GB,1,16,128,2.00,
lambda,,f,A100-80GB,2,32,256,4.00,1.60
"""
WHISPER = {
    "name": "transcribe",
    "task": "batch",
    "gpu_types": ["H100 PCIe"],
    "items": "audio/*.wav",
    "budget": {"max_hours": 24},
    "run": "whisper --model large-v3 {item}",
}
LLAMA = {
    "name": "summaries",
    "task": "batch",
    "model": {"id": "meta-llama/Llama-3.1-70B-Instruct", "context": 8192},
    "gpu_types": ["A100-80GB"],
    "gpu_count": 2,
    "items": "texts/*.txt",
    "budget": {"max_hours": 24},
    "run": "python summarize.py {item}",
}


@pytest.fixture
def prices(tmp_path: Path) -> str:
    path = tmp_path / "prices.csv"
    path.write_text(PRICES)
    return str(path)


def case_of(spec: dict[str, Any], prices: str) -> Case:
    (document,) = documents_in("job.jsonc", json.dumps(spec).encode(), on_disk=False)
    return Case(document, settings=JobSettings(prices=prices), on_disk=False)


def steps_of(spec: dict[str, Any], prices: str) -> tuple[SavingStep, ...]:
    case = case_of(spec, prices)
    data = json.dumps(spec).encode()
    settings = Settings(job=JobSettings(prices=prices))
    found = lint_data(LINTER, "job.jsonc", data, settings, on_disk=False)
    return stacked(saves(found, case.per_hour, case.market), 1000.0)


def per_unit(spec: dict[str, Any], prices: str) -> float:
    """Dollars for what it does in a second."""
    case = case_of(spec, prices)
    one = case.selected
    assert one
    rate = case.market.measure.rates.of(one.gpu, one.gpu_count)
    assert rate
    return one.per_hour / rate.per_second.expected


def test_a_smaller_gpu_and_spot(prices: str) -> None:
    """Spot is 60 % less on the H100, and 25 % less on the L4, on which the work is then done."""
    smaller, spot = steps_of(WHISPER, prices)
    assert (smaller.code, smaller.kind, spot.code, spot.kind) == ("GS101", "machine", "GS501", "price")
    assert spot.alone == pytest.approx(600)
    assert spot.adds == pytest.approx((1000 - smaller.adds) * 0.25)
    fixed = {**WHISPER, "gpu_types": ["L4"], "spot": "only"}
    left = per_unit(fixed, prices) / per_unit(WHISPER, prices)
    assert smaller.adds + spot.adds == pytest.approx(1000 * (1 - left))


def test_four_bit_on_one_gpu_that_nobody_offers_as_spot(prices: str) -> None:
    """Spot alone is 60 % less on two A100; what 4 bit saves on one does not go with it."""
    steps = {step.code: step for step in steps_of(LLAMA, prices)}
    assert {"GS201", "GS501"} <= set(steps)
    assert steps["GS501"].alone == pytest.approx(600)
    best = max(steps["GS201"].alone, steps["GS501"].alone)
    assert sum(step.adds for step in steps.values()) == pytest.approx(best)


CASES = {
    "GS101": ("machine", WHISPER),
    "GS501": ("price", WHISPER),
    "GS201": ("machine", LLAMA),
    "GS110": (
        "instead",
        {"gpu_types": ["H100 PCIe"], "keep_alive_minutes": 3, "run": "tar xzf data.tgz -C data/"},
    ),
    "GS409": (
        "hours",
        {
            "name": "chat-staging",
            "task": "serve",
            "gpu_types": ["L4"],
            "scaling": {"min": 2, "max": 3},
            "run": "vllm serve Qwen/Qwen2.5-7B-Instruct --max-model-len 8192",
        },
    ),
}


@pytest.mark.parametrize("code", CASES)
def test_rules_say_what_their_saving_changes(code: str, prices: str) -> None:
    kind, spec = CASES[code]
    assert {step.code: step.kind for step in steps_of(spec, prices)}[code] == kind  # type: ignore[arg-type]


def test_sixteen_at_once_do_the_work_in_less_time(prices: str) -> None:
    """Which multiplies with the spot price: 60 % less of what is left."""
    alone: dict[str, Any] = {
        "name": "summaries",
        "task": "batch",
        "model": {"id": "meta-llama/Llama-3.1-8B-Instruct", "concurrency": 1, "context": 4096},
        "gpu_types": ["H100 PCIe"],
        "items": "texts/*.txt",
        "budget": {"max_hours": 24},
        "run": "python summarize.py {item}",
    }
    together, spot = steps_of(alone, prices)
    assert (together.code, together.kind, spot.code) == ("GS304", "work", "GS501")
    fixed = {**alone, "model": {**alone["model"], "concurrency": 16}}
    left = per_unit(fixed, prices) / per_unit(alone, prices)
    assert together.adds == pytest.approx(1000 * (1 - left))
    assert spot.adds == pytest.approx(1000 * left * 0.6)


@pytest.mark.parametrize(
    "saving",
    [
        Saving(1.0, share="much"),  # type: ignore[arg-type]
        Saving(1.0, share=float("nan")),
        Saving(float("inf")),
        Saving("1"),  # type: ignore[arg-type]
        Saving(0.0, share=0.5),
    ],
)
def test_what_a_plugin_fills_in_wrongly_counts_for_nothing(saving: Saving, prices: str) -> None:
    case = case_of(WHISPER, prices)
    found = Located(
        "job.jsonc", Finding("ACME1", "acme", "", "", "info", saving=saving), Place(1, 1, 1, 1, "")
    )
    assert stacked(saves([found], 3.0, case.market), 1000.0) == ()


def test_a_saving_of_a_plugin_is_a_share_of_the_hour_and_another_machine(prices: str) -> None:
    """$1 of $4 an hour; a kind that there is not, and a machine that is none, are as if they were not said."""
    saving = Saving(1.0, kind="luck", machine="L4")  # type: ignore[arg-type]
    found = Located(
        "job.jsonc", Finding("ACME1", "acme", "", "", "info", saving=saving), Place(1, 1, 1, 1, "")
    )
    (step,) = stacked(saves([found], 4.0, case_of(WHISPER, prices).market), 1000.0)
    assert (step.kind, step.adds) == ("machine", 250.0)
