"""What runs cost in a month, worked out by hand: November 2026, from 2026-11-01 00:00 UTC, is 30 days of 86,400 s."""

from __future__ import annotations

from typing import Any

import pytest

from gpuspec.errors import UserError
from gpuspec.launch import run_cost
from gpuspec.launch.launcher import Run
from gpuspec.launch.month import Month, Spending, costs_in, counts, in_group, month_of, total
from gpuspec.launch.monthly_limit import Launch, Standing, refusal, standings
from gpuspec.planning.monthly_budget import MonthlyBudget

BEGINS = 1_793_491_200.0  # `date -ud 2026-11-01 +%s`
ENDS = BEGINS + 30 * 86_400
NOVEMBER = Month("2026-11", BEGINS, ENDS)
HOUR = 3600.0
NOW = BEGINS + 10 * 24 * HOUR
FILE = "/repo/gpuspec.toml"


def run(name: str = "a", **more: Any) -> Run:
    """A run at $2/h that ended after 3 h, 20 h ago."""
    fields: dict[str, Any] = {
        "id": name, "name": name, "launcher": "skypilot", "spec_path": "x", "workdir": "/repo/a",
        "state": "succeeded", "started": NOW - 23 * HOUR, "ended": NOW - 20 * HOUR, "actual_price": 2.0,
    }  # fmt: skip
    return Run(**{**fields, **more})


def spending(runs: list[Run], month: Month, now: float) -> Spending:
    return total(costs_in(runs, month, now))


def test_months_are_those_of_utc() -> None:
    assert month_of(NOW) == NOVEMBER
    assert month_of(BEGINS) == NOVEMBER
    assert month_of(BEGINS - 1).name == "2026-10"
    assert month_of(ENDS) == Month("2026-12", ENDS, ENDS + 31 * 86_400)


@pytest.mark.parametrize(
    ("more", "spent", "to_come"),
    [
        ({}, 6, 0),
        ({"launcher": "local", "actual_price": None}, 0, 0),
        ({"spent": 1.25}, 1.25, 0),  # as the launcher counted
        # half of its 3 h lie in October
        ({"started": BEGINS - 1.5 * HOUR, "ended": BEGINS + 1.5 * HOUR}, 3, 0),
        ({"started": BEGINS - 5 * HOUR, "ended": BEGINS - 2 * HOUR}, 0, 0),
        # 6 h, and 30 idle minutes after it; 10 of 30 are over
        ({"machine": "m", "keep_alive_minutes": 30}, 7, 0),
        ({"machine": "m", "keep_alive_minutes": 30, "ended": NOW - HOUR / 6, "started": NOW - HOUR * 7 / 6},
         2 + 1 / 3, 2 / 3),
        # up for 2 h of at most 5, and 30 idle minutes: 3.5 h to come
        ({"state": "running", "ended": None, "started": NOW - 2 * HOUR, "max_hours": 5.0, "keep_alive_minutes": 30},
         4, 7),
        # without a limit: to the month's end, 20 days of 24 h
        ({"state": "running", "ended": None, "started": NOW - 2 * HOUR}, 4, 960),
        # the clock was set back by a month: 6 h of December are paid for
        ({"started": NOW + 700 * HOUR, "ended": NOW + 703 * HOUR}, 6, 0),
        # past its limit: nothing more is sure to come
        ({"state": "lost", "ended": None, "started": NOW - 9 * HOUR, "max_hours": 5.0}, 18, 0),
    ],
)  # fmt: skip
def test_a_run_in_a_month(more: dict[str, Any], spent: float, to_come: float) -> None:
    found = spending([run(**more)], NOVEMBER, NOW)
    assert (found.spent, found.to_come, found.unknown) == (pytest.approx(spent), pytest.approx(to_come), ())
    assert found.going_on == bool(to_come)


def test_a_machine_that_is_used_again_is_paid_for_once() -> None:
    """1 h, 15 minutes between, 1 h, and its 60 idle minutes after it: 3.25 h at $2."""
    kept: dict[str, Any] = {"machine": "m", "keep_alive_minutes": 60}
    first = run(**kept, started=NOW - 9 * HOUR, ended=NOW - 8 * HOUR)
    second = run("b", **kept, started=NOW - 7.75 * HOUR, ended=NOW - 6.75 * HOUR)
    assert spending([second, first], NOVEMBER, NOW).spent == pytest.approx(6.5)


@pytest.mark.parametrize(
    "more",
    [
        {"actual_price": None},
        {"through": "service", "state": "running", "ended": None, "spent": None},
        {"ended": None},  # it ended, and nobody noted when
    ],
)
def test_what_is_not_known_is_named_and_not_counted(more: dict[str, Any]) -> None:
    found = spending([run(**more), run("b")], NOVEMBER, NOW)
    assert (found.spent, found.unknown) == (6, ("a",))


def test_what_is_not_known_of_another_month_is_no_matter() -> None:
    old = run(actual_price=None, started=BEGINS - 9 * HOUR, ended=BEGINS - HOUR)
    assert spending([old, old._replace(ended=None)], NOVEMBER, NOW).unknown == ()


def test_whose_budget_a_run_counts_to() -> None:
    assert counts(run(), FILE)
    assert counts(run(workdir="/repo"), FILE)
    assert not counts(run(workdir="/repository"), FILE)
    assert counts(run(budget_file="/repo/a/gpuspec.toml"), FILE)  # as in a bill: all that lies below
    assert not counts(run(workdir="/repo/a", budget_file="/x/gpuspec.toml", labels='{"folder": "y"}'), FILE)
    assert counts(run(workdir="/elsewhere", budget_file=FILE), FILE)


def test_groups() -> None:
    labels = '{"team": "search", "folder": "teams/search/jobs"}'
    one = run(labels=labels, budget_file=FILE, cloud="lambda", gpu="A100-80GB")
    assert all(
        in_group(one, by, name, FILE)
        for by, name in (
            ("", ""), ("team", "Search"), ("tier", "none"), ("folder", "teams/search"), ("folder", "."),
            ("folder", "./teams/"), ("cloud", "Lambda"), ("gpu", "A100 80GB"),
        )
    )  # fmt: skip
    assert not any(
        in_group(one, by, name, FILE)
        for by, name in (
            ("team", "ads"),
            ("folder", "teams/sea"),
            ("cloud", "aws"),
            ("gpu", "H100"),
            ("x", ""),
        )
    )
    assert in_group(run(), "folder", "a", FILE)  # recorded without labels: by its workdir
    for broken in ("[", "[]", '{"team": 3}', "[" * 9999):
        assert not in_group(run(labels=broken), "team", "search", FILE)


def launch(**more: Any) -> Launch:
    fields: dict[str, Any] = {
        "as_run": run(labels='{"team": "search"}'),
        "budgets": {FILE: MonthlyBudget(5000, (("team", "search", 450),))}, "total": 400.0, "hours": 100.0,
        "price": 4.0,
    }  # fmt: skip
    return Launch(**{**fields, **more})


def judged(launches: list[Launch], runs: list[Run], now: float = NOW) -> list[Standing]:
    return standings(launches, runs, NOVEMBER, now)


def test_what_is_left_for_a_launch() -> None:
    """$4,700 of $5,000 spent, and $400 to launch: $100 over. Of the team nothing is spent: 400 of 450."""
    all_of_it, team = judged([launch()], [run(spent=4700.0)])
    assert (all_of_it.is_over, team.is_over) == (True, False)
    told = refusal(all_of_it, NOVEMBER)
    assert told.code == "over-monthly-budget"
    assert told.message == (
        "this month (2026-11) $4,700 of $5,000 are spent; this run may cost $400: $100 over the budget"
    )
    assert "raise budget.monthly in /repo/gpuspec.toml" in str(told.hint)
    mine = run("b", spent=60.0, labels='{"team": "search"}')
    everything, team = judged([launch()], [mine])
    assert (everything.is_over, team.is_over) == (False, True)
    assert refusal(team, NOVEMBER).message.startswith(
        "this month (2026-11) $60.00 of $450 of team search are spent;"
    )
    assert "raise budget.team.search in" in str(refusal(team, NOVEMBER).hint)


def test_exactly_the_budget_is_kept() -> None:
    assert not judged([launch()], [run(spent=4600.0)])[0].is_over
    assert judged([launch()], [run(spent=4600.01)])[0].is_over


def test_what_goes_on_has_its_share_of_the_budget() -> None:
    """Up for 1 of 51 h at $2: $2 spent, $100 to come."""
    on = run(state="running", ended=None, started=NOW - HOUR, max_hours=51.0)
    found = judged([launch()], [run("b", spent=4500.0), on])[0]
    assert found.is_over
    assert found.in_words(NOVEMBER) == (
        "this month (2026-11) $4,502 of $5,000 are spent, 1 run that goes on may take $100 more; "
        "this run may cost $400"
    )


def test_several_launches_are_judged_together() -> None:
    assert not judged([launch(total=200.0)], [run(spent=4700.0)])[0].is_over
    two = judged([launch(total=200.0), launch(total=200.0)], [run(spent=4700.0)])[0]
    shards = judged([launch(total=200.0, machines=2)], [run(spent=4700.0)])[0]
    for found in (two, shards):
        assert found.is_over
        assert "these 2 runs may cost $400" in found.in_words(NOVEMBER)


def test_only_what_falls_into_the_month_counts() -> None:
    """25 h before the month's end, a quarter of what 100 h cost: $100."""
    found = judged([launch()], [run(spent=4800.0)], ENDS - 25 * HOUR)[0]
    assert (found.wanted, found.is_over) == (100, False)


def test_a_launch_without_a_limit_may_run_to_the_months_end() -> None:
    """20 days of 24 h at $4."""
    found = judged([launch(total=None, hours=None)], [])[0]
    assert (found.wanted, found.is_over) == (1920, False)
    assert found.in_words(NOVEMBER).endswith(
        "this run may cost $1,920 by the month's end, without a time limit"
    )
    assert "give the job a `budget.max_hours`" in str(refusal(found, NOVEMBER).hint)


def test_what_costs_nothing_breaks_no_budget() -> None:
    assert not judged([launch(total=0.0)], [run(spent=9000.0)])[0].is_over


def test_a_run_of_unknown_cost_is_named() -> None:
    found = judged([launch()], [run(actual_price=None)])[0]
    assert found.in_words(NOVEMBER).endswith("(what a cost is not known, and not counted)")
    assert isinstance(refusal(found, NOVEMBER), UserError)


def test_a_run_on_several_machines_pays_for_each() -> None:
    """Three machines at $2.00 for three hours are $18.00; planned at $3.00 for four hours and a half, $40.50."""
    one = run(machines=3, planned_price=3.0)
    assert run_cost.per_hour(one) == 6
    assert run_cost.so_far(one) == 18
    assert run_cost.predicted(one._replace(max_hours=4.0, keep_alive_minutes=30)) == 40.5
    assert spending([one], NOVEMBER, NOW).spent == 18
