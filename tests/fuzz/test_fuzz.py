"""A seeded slice of each fuzzer; `python -m tests.fuzz --minutes 10` goes on from there."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.fuzz.__main__ import order
from tests.fuzz.makers import MAKERS
from tests.fuzz.seeds import seeds
from tests.fuzz.trial import Maker, Outcome, Trial, result, trial_of

INPUTS = {"bytes": 60, "notes": 100}
"""How many are tried here, where it is not the usual number."""


@pytest.mark.parametrize("name", MAKERS)
def test_nothing_that_is_made_breaks_it(name: str) -> None:
    tried = {at: result(MAKERS[name], 1, at).faults for at in range(INPUTS.get(name, 15))}
    assert {at: faults for at, faults in tried.items() if faults} == {}


@pytest.mark.parametrize("name", MAKERS)
def test_a_seed_makes_the_same_input_again(name: str) -> None:
    one, other = (trial_of(MAKERS[name], 3, 7) for _ in range(2))
    assert (one.what, one.data) == (other.what, other.data)


def test_files_to_start_from_are_found() -> None:
    assert len(seeds()) > 50


def _maker(run: Callable[[], Outcome]) -> Maker:
    return lambda chance: Trial("x", b"", run)


def test_what_is_raised_said_or_kept_is_a_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    # More than malloc keeps of what was freed before (64 MiB).
    monkeypatch.setattr("tests.fuzz.trial.MEMORY", 100 << 20)

    def crash() -> Outcome:
        raise KeyError("x")

    def grow() -> Outcome:
        return Outcome(bytearray(200 << 20)[:1])

    for run, told in ((crash, "KeyError: 'x'"), (grow, "memory: "), (lambda: Outcome(b"", ("odd",)), "odd")):
        faults = result(_maker(run), 1, 1).faults
        assert [fault[: len(told)] for fault in faults] == [told]


def test_what_does_not_end_is_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    def spin() -> Outcome:
        while True:
            pass

    monkeypatch.setattr("tests.fuzz.trial.HUNG", 0.1)
    assert result(_maker(spin), 1, 1).faults[0].startswith("Hung: stopped after 0.1 s")


def test_the_second_process_of_a_turn_goes_backwards() -> None:
    assert order(backwards=True) == order(backwards=False)[::-1]
