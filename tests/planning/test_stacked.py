"""Savings of one job, together: two ways to save the same dollars count once, others multiply."""

from typing import Any

import pytest

from gpuspec.planning.bill import SavingKind
from gpuspec.planning.stacked import Saves, stacked


def one(code: str, kind: SavingKind, share: float) -> Saves:
    return Saves(code, code.lower(), f"{code} saves", 1, kind, share)


def adds(*found: Saves, per_month: float = 1000.0) -> list[tuple[str, Any, Any]]:
    steps = stacked(found, per_month)
    return [(step.code, pytest.approx(step.alone), pytest.approx(step.adds)) for step in steps]


def test_other_kinds_multiply() -> None:
    """60 % by a smaller machine and 50 % by spot leave 0.4 × 0.5 = 20 %, and not −10 %."""
    found = adds(one("GS501", "price", 0.5), one("GS101", "machine", 0.6))
    assert found == [("GS101", 600, 600), ("GS501", 500, 200)]


def test_two_of_one_kind_are_the_same_dollars() -> None:
    found = adds(one("GS101", "machine", 0.3), one("GS201", "machine", 0.5), one("GS501", "price", 0.6))
    assert found == [("GS501", 600, 600), ("GS201", 500, 200), ("GS101", 300, 0)]


def test_an_api_replaces_the_machine_and_all_that_would_make_it_cheaper() -> None:
    """90 % less by an API; 0.4 × 0.5 leaves 80 % less: the API it is, and nothing adds to it."""
    found = adds(
        one("GS508", "instead", 0.9), one("GS101", "machine", 0.6), one("GS501", "price", 0.5), per_month=200
    )
    assert found == [("GS508", 180, 180), ("GS101", 120, 0), ("GS501", 100, 0)]


def test_a_cheaper_machine_beats_an_api_that_saves_less_than_all_the_others() -> None:
    found = adds(one("GS508", "instead", 0.7), one("GS101", "machine", 0.6), one("GS501", "price", 0.5))
    assert found == [("GS101", 600, 600), ("GS501", 500, 200), ("GS508", 700, 0)]


def test_the_chain_of_the_article() -> None:
    """60 %, then half, then half, then 30 % of what is left: 0.4 × 0.5 × 0.5 × 0.7 = 7 % are left."""
    chain = [
        ("spot", "price", 0.6),
        ("awq", "machine", 0.5),
        ("batches", "work", 0.5),
        ("idle", "hours", 0.3),
    ]
    steps = stacked([one(name, kind, share) for name, kind, share in chain], 20_000)  # type: ignore[arg-type]
    assert sum(step.adds for step in steps) == pytest.approx(20_000 * 0.93)
    assert [step.adds for step in steps] == pytest.approx([12_000, 4_000, 2_000, 600])


def test_never_more_than_there_is_and_nothing_that_saves_nothing() -> None:
    steps = stacked([one("A", "machine", 1.7), one("B", "price", 0.5), one("C", "hours", -0.1)], 10)
    assert [(step.code, step.adds) for step in steps] == [("A", 10), ("B", 0)]
    assert stacked([], 10) == ()


def test_the_order_does_not_depend_on_that_of_the_findings() -> None:
    found = [one("B", "price", 0.5), one("A", "machine", 0.5), one("C", "machine", 0.5)]
    assert stacked(found, 10) == stacked(found[::-1], 10)
    assert [step.code for step in stacked(found, 10)] == ["A", "B", "C"]


def test_spot_counts_by_what_it_saves_on_the_machine_that_is_proposed() -> None:
    """An H100 at $2 is $1 as spot; the L40S that would do asks $0.80, and $0.60 as spot: 70 % less, and not 80 %."""
    smaller = one("GS101", "machine", 0.6)._replace(machine=("L40S", 1))
    spot = one("GS501", "price", 0.5)._replace(elsewhere={("L40S", 1): 0.25})
    assert adds(smaller, spot) == [("GS101", 600, 600), ("GS501", 500, 100)]


def test_where_nobody_offers_the_smaller_machine_as_spot_the_better_of_the_two_counts() -> None:
    smaller = one("GS101", "machine", 0.3)._replace(machine=("L40S", 1))
    spot = one("GS501", "price", 0.5)._replace(elsewhere={("L40S", 1): 0.0})
    assert adds(smaller, spot) == [("GS501", 500, 500), ("GS101", 300, 0)]


def test_of_two_machines_the_one_that_goes_better_with_spot_counts() -> None:
    """40 % less, and nobody offers it as spot; 30 % less, and half of that as spot: 65 % less in all."""
    two = [
        one("GS101", "machine", 0.4)._replace(machine=("L4", 1)),
        one("GS201", "machine", 0.3)._replace(machine=("L40S", 1)),
    ]
    spot = one("GS501", "price", 0.2)._replace(elsewhere={("L4", 1): 0.0, ("L40S", 1): 0.5})
    assert adds(*two, spot) == [("GS201", 300, 300), ("GS501", 200, 350), ("GS101", 400, 0)]
