"""Confidence says how a figure came about: counted, with fitted factors, or with another model's widths."""

from __future__ import annotations

import pytest

from gpuspec import resolve_model
from gpuspec.sizing import Need, Part, Phase, need
from gpuspec.sizing.memory import confidence
from gpuspec.workload import Workload

WEIGHTS = Part("weights", 9.0, 10.0, 11.0, "counted")


def fitted(gib: float) -> Part:
    return Part("activations", gib, gib, gib, "fitted", fitted=True)


@pytest.mark.parametrize(
    ("known", "counted", "gib", "said"),
    [
        (True, True, 0.0, "high"),
        (True, True, 1.0, "high"),  # a tenth of ten
        (True, True, 2.0, "medium"),
        (True, False, 0.0, "medium"),
        (False, True, 0.0, "low"),
        (False, False, 5.0, "low"),
    ],
)
def test_confidence(known: bool, counted: bool, gib: float, said: str) -> None:
    phases = (Phase("loading", (fitted(3.0),)), Phase("serving", (WEIGHTS, fitted(gib))))
    assert confidence(phases, known=known, counted=counted) == said


def test_only_the_largest_phase_counts() -> None:
    assert (
        confidence((Phase("a", (WEIGHTS,)), Phase("b", (fitted(9.0),))), known=True, counted=True) == "high"
    )
    assert (
        confidence((Phase("a", (WEIGHTS,)), Phase("b", (fitted(11.0),))), known=True, counted=True)
        == "medium"
    )


@pytest.mark.parametrize(
    ("engine", "name", "said"),
    [
        ("vllm", "Qwen3-8B", "high"),
        ("llama.cpp", "Qwen3-8B", "high"),
        ("tgi", "Qwen3-8B", "medium"),  # nobody read what it allocates
        ("vllm", None, "low"),
    ],
)
def test_of_a_text_model(engine: str, name: str | None, said: str) -> None:
    model = resolve_model(name).model if name else None
    params = None if model else 8.0
    found = need(Workload(task="serve", engine=engine, model=model, params_b=params, context=4096))
    assert isinstance(found, Need)
    assert found.confidence == said
