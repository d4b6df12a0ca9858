"""Every way to end a run, once in each mode; `python -m tests.fuzz.ended_items --ends 100` goes on from there."""

from __future__ import annotations

import pytest

from tests.fuzz.ended_items import ENDS, failures


@pytest.mark.parametrize("mode", ["each", "together"])
@pytest.mark.parametrize("ends", [ENDS[:5], ENDS[5:]], ids=", ".join)
def test_a_job_that_is_ended_and_resumed_loses_nothing_and_does_one_item_again(
    mode: str, ends: tuple[str, ...]
) -> None:
    assert list(failures(seed=1, ends=list(ends), mode=mode)) == []
