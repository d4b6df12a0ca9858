"""From how many requests on one's own machines cost less: arithmetic by hand, and what must hold of any numbers."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gpuspec.planning.breakeven import BreakEven, Own, break_even, hybrid, without_capacity

L40S = 1.60 * 730
"""$ a month."""
BOTTOMLESS = 1e15
"""Requests of a machine that answers any number."""


def test_the_book_s_example_without_capacity() -> None:
    """Chapter “LLM Compute Planning”: $1.60 an hour, $500 of operations, 800 × $0.15 + 300 × $0.60 a million."""
    each = (800 * 0.15 + 300 * 0.60) / 1e6
    assert each == pytest.approx(0.0003)
    own = Own(L40S, BOTTOMLESS, ops=500)
    assert break_even(own, each) == BreakEven(5_560_000, None, 5_560_000)  # 1,668 ÷ 0.0003
    printed = Own(1.50 * 720, BOTTOMLESS, ops=500)  # which is what its 5,266,666 comes from
    assert without_capacity(printed, each) == 5_266_667
    assert without_capacity(own, 0.005) == 333_600  # against GPT-4o


def test_the_book_s_example_with_capacity_never_breaks_even() -> None:
    own = Own(L40S, 1800 * 730, ops=500)
    assert own.each == pytest.approx(1.60 / 1800)  # $0.00089 a request, and the API asks $0.0003
    assert break_even(own, 0.0003) is None
    assert break_even(Own(0.53 * 730, 1800 * 730), 0.0003)  # below 1,800 × 0.0003 = $0.54 an hour it does


def test_two_h100_against_gpt_4o() -> None:
    """Exercise 2: $6 an hour, 50 requests a minute, $0.00325 a request."""
    own = Own(6 * 730, 50 * 60 * 730)
    # 4,380 ÷ 0.00325: 30.8 a minute; at 2,190,001 a second machine is needed, and 8,760 ÷ 0.00325 = 2,695,384.6.
    assert break_even(own, 0.00325) == BreakEven(1_347_693, 2_190_000, 2_695_385)
    engineer = own._replace(ops=5000)
    # One machine would have to answer 2,886,154 of its 2,190,000; two: (2 × 4,380 + 5,000) ÷ 0.00325 = 4,233,846.2.
    # At 4,380,001 the third costs more again: 18,140 ÷ 0.00325 = 5,581,538.5; four (22,520 ÷ 0.00325) from 6,929,231.
    assert break_even(engineer, 0.00325) == BreakEven(4_233_847, 4_380_000, 6_929_231)


def test_the_next_machine_makes_it_dearer_again() -> None:
    """$100 for 150 requests, $1 each: from 100 on; 151 need a second machine and cost $200 against $151, until 200;
    301 cost $300 against $301."""
    assert break_even(Own(100, 150), 1) == BreakEven(100, 150, 200)
    # With a spare one: 2 + 1 at 300, 3 + 1 from 400 on, 4 + 1 from 500 on, 5 + 1 for 601 cost 600.
    assert break_even(Own(100, 150, spare=1), 1) == BreakEven(300, 300, 500)
    assert break_even(Own(100, 100), 1) is None
    # One of 87,121,156.99 requests on the second machine has to pay for all of it, too: 3 × 1,788 ÷ 0.00004864.
    assert break_even(Own(1788, 87_121_156.99, spare=1), 4.864e-5) == BreakEven(
        73_519_737, 87_121_156, 110_279_606
    )


MONEY = st.integers(1, 400)
OWNS = st.builds(
    Own, MONEY, st.integers(1, 60), ops=st.sampled_from([0, 0, 70, 300]), spare=st.sampled_from([0, 0, 1])
)


@given(OWNS, st.integers(1, 40))
def test_it_is_what_counting_finds(own: Own, each: int) -> None:
    pays = [number for number in range(1, 1000) if number * each >= own.cost(number)]
    found = break_even(own, each)
    if found is None:  # a full machine that costs what the API asks is no cheaper
        assert not pays or own.requests * each == own.per_month
        return
    if found.for_good >= 900:
        return
    losing = [number for number in range(found.first, 1000) if number * each < own.cost(number)]
    assert found.first == pays[0]
    assert found.first >= without_capacity(own, each)  # capacity never makes it sooner
    assert found.until == (losing[0] - 1 if losing else None)
    assert found.for_good == (losing[-1] + 1 if losing else found.first)


@given(OWNS, st.floats(1, 1e6), st.floats(1, 1e6))
def test_more_requests_are_never_cheaper(own: Own, one: float, other: float) -> None:
    assert own.cost(min(one, other)) <= own.cost(max(one, other))
    assert own.cost(one) <= own._replace(spare=own.spare + 1).cost(one)


def test_the_mix_takes_machines_for_the_load_of_most_hours() -> None:
    """Peak factor 2: an hour asks 1 + cos of the mean. 1,000 requests; a full machine answers 1,000, half used 500;
    the API asks $1. One machine answers up to the mean: all but the positive half of the cosine, of which 24 points
    add up to 1 + 2 (cos 15° + … + cos 75°) = 7.596, 31.65 % of 24. The second would answer the rest."""
    above = (1 + 2 * sum(math.cos(math.radians(angle)) for angle in (15, 30, 45, 60, 75))) / 24
    assert above == pytest.approx(0.3165, abs=1e-4)
    own = Own(330, 500)
    found = hybrid(own, 1.0, 1000, peak=2)
    assert found.machines == 1
    assert found.api == pytest.approx(316.5, abs=0.05)
    assert (found.own, found.cost) == (pytest.approx(1000 - found.api), pytest.approx(330 + found.api))
    assert hybrid(own._replace(per_month=300), 1.0, 1000, peak=2).machines == 2  # $316 saved for $300
    assert hybrid(own._replace(per_month=700), 1.0, 1000, peak=2).machines == 0  # $684 saved for $700
    assert hybrid(own._replace(ops=500), 1.0, 1000, peak=2).machines == 0  # whoever runs it is paid, too


@given(OWNS, st.integers(1, 40), st.integers(1, 3000), st.sampled_from([1.0, 1.5, 2.0, 5.0]))
def test_a_mix_is_the_cheapest_number_of_machines(own: Own, each: int, requests: int, peak: float) -> None:
    own = own._replace(spare=0)
    found = hybrid(own, each, requests, peak)
    assert found.cost <= requests * each + 1e-6
    assert found.cost <= own.cost(requests) + 1e-6
    assert found.own + found.api == pytest.approx(requests)
    assert found.machines <= math.ceil(requests / own.requests)
