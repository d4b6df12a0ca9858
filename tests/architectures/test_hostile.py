"""Configs that were written to break a reader: each ends in Unsaid, or in an architecture, at once."""

from __future__ import annotations

import math
import time
from typing import Any

import pytest

from gpuspec.architectures.config import Unsaid
from gpuspec.architectures.defaults import defaults_of
from gpuspec.architectures.families import FAMILIES
from gpuspec.architectures.read import read_architecture

HOSTILE: list[Any] = [
    10**30,
    10**6000,
    -1,
    math.nan,
    math.inf,
    "x" * 10_000,
    [1] * 10**6,
    ["full_attention"] * 10**6,
    [10**30, math.nan],
    {"a": {"b": []}},
    [],
    {"0": {"head_dim": -5}},
    2000,
    10**9 - 1,
    True,
]
ADDED = ("layer_types", "num_key_value_heads", "head_dim", "num_nextn_predict_layers", "per_layer_config")
"""Fields that readers ask for though their classes have no default for them."""


def read(config: dict[str, Any]) -> float:
    """Seconds of a processor that reading takes. Unsaid is an answer; another exception fails the test."""
    start, said = time.process_time(), ""
    try:
        found = read_architecture(config)
        assert found.parameters >= found.active >= 0
        assert all(cache.layers > 0 for cache in found.caches)
    except Unsaid as error:
        said = str(error)
    assert len(said) < 300
    return time.process_time() - start


@pytest.mark.parametrize("turn", range(3))
def test_one_field_of_every_architecture_at_a_time(turn: int) -> None:
    """Each field gets one of the values, another one in each turn."""
    slowest = (0.0, "")
    for number, kind in enumerate(sorted(FAMILIES)):
        for index, field in enumerate([*defaults_of(kind), *ADDED]):
            value = HOSTILE[(number + 4 * index + 5 * turn) % len(HOSTILE)]
            slowest = max(slowest, (read({"model_type": kind, field: value}), f"{kind}.{field}"))
    assert slowest[0] < 1, slowest


@pytest.mark.parametrize("kind", [None, 5, "", "llama", "nobody-knows-this", ["llama"], {}])
def test_whatever_stands_as_model_type(kind: Any) -> None:
    """A config that says nothing else, or little."""
    assert read({"model_type": kind}) < 1
    assert read({"model_type": kind, "hidden_size": 64, "num_hidden_layers": 2, "vocab_size": 9}) < 1


def test_depth_is_no_matter() -> None:
    """Configs of parts are looked up, never walked through."""
    deep: dict[str, Any] = {}
    for _ in range(900):
        deep = {"model_type": "gemma3", "text_config": deep}
    assert read(deep) < 1
