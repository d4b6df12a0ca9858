"""Lines of cron, counted by hand: a month is a twelfth of 365 days."""

from __future__ import annotations

import pytest

from gpuspec.formats.cron import runs_per_month

DAYS = 365 / 12


@pytest.mark.parametrize(
    ("line", "runs"),
    [
        ("0 2 * * *", DAYS),
        ("@daily", DAYS),
        ("*/15 * * * *", DAYS * 24 * 4),
        ("0 2 * * 1-5", DAYS * 5 / 7),
        ("0 2 * * MON,FRI", DAYS * 2 / 7),
        ("0 2 * * 0,7", DAYS / 7),  # both are Sunday
        ("30 4 1 * *", 1),
        ("30 4 1 JAN *", 1 / 12),
        ("0 0 31 * *", 7 / 12),
        ("0 0 1,15 * *", 2),
        # on the 1st, and on each Monday that is not: 12 + (365 - 12) / 7 a year
        ("0 0 1 * 1", (12 + 353 / 7) / 12),
        # robfig/cron: a star leaves the days to the other field, one with a step does not
        ("0 0 */1 * 1", DAYS / 7),
        ("0 0 *,15 * 1", DAYS / 7),
        # 1, 3 … 31: 16 days of seven months, 15 of four, 14 of February; and the Mondays of the other 178
        ("0 0 */2 * 1", (186 + 179 / 7) / 12),
        ("@yearly", 1 / 12),
        ("@weekly", DAYS / 7),
        ("0 0 ? * ?", DAYS),
        ("0 8-18/2 * * *", DAYS * 6),
        ("5/20 * * * *", DAYS * 24 * 3),
        ("TZ=Europe/Berlin 0 2 * * *", DAYS),
        ("@every 1h30m", 730 / 1.5),
    ],
)
def test_runs_are_counted(line: str, runs: float) -> None:
    assert runs_per_month(line) == pytest.approx(runs)


@pytest.mark.parametrize(
    "line",
    ["", "daily", "0 2 * *", "0 0 2 * * *", "61 * * * *", "0 2 * * L", "0 2 15W * *", "0 2 * * 5#3",
     "*/0 * * * *", "1-0 * * * *", "@every 0s",
     "@reboot", "0 ٢ * * *", "$(rm -rf /) * * * *", "*" * 300, "0 2 * * 5-", "*-3 * * * *", "0 / * * *"],
)  # fmt: skip
def test_what_is_no_line_of_cron_says_nothing(line: str) -> None:
    assert runs_per_month(line) is None


@pytest.mark.parametrize(
    ("line", "runs"),
    # of twelve firsts, one in seven is a Monday
    [("0 0 1 * 1", 12 / 7 / 12), ("0 2 * * *", DAYS), ("@daily", None), ("TZ=UTC 0 2 * * *", None)],
)
def test_dstack_takes_days_that_are_both(line: str, runs: float | None) -> None:
    found = runs_per_month(line, both_days=True)
    assert found == (runs and pytest.approx(runs))
