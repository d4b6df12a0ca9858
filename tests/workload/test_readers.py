"""What a plugin's program may say of a Workload. No `from __future__ import annotations` here: a converter may be
annotated with types themselves, and not only with their names."""

import pytest

from gpuspec import Tool
from gpuspec.workload.arguments import CONVERSIONS
from gpuspec.workload.readers import fault


def doubled(text: str) -> int | None:
    return 2 * int(text) if text.isdigit() else None


def share(text: str) -> float:
    return float(text)


@pytest.mark.parametrize(
    ("meaning", "wrong"),
    [
        ("context:doubled", None),
        ("memory_utilization:doubled", None),  # a whole number is a number
        ("memory_utilization:share", None),
        ("context:share", "context holds int, not float"),
        ("model_name:doubled", "model_name holds str, not int"),
    ],
)
def test_a_converter_says_by_its_annotation_what_it_gives(
    meaning: str, wrong: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(CONVERSIONS, "doubled", doubled)
    monkeypatch.setitem(CONVERSIONS, "share", share)
    found = fault(("acme", "serve"), Tool(None, "serve", {"size": meaning}))
    assert found == (None if wrong is None else f"'acme serve': the flag 'size': {wrong}")
