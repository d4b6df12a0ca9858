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
    ["", "daily", "0 2 * *", "0 0 2 * * *", "61 * * * *", "0 2 * * L", "*/0 * * * *", "1-0 * * * *", "@every 0s",
     "@reboot", "0 ٢ * * *", "$(rm -rf /) * * * *", "*" * 300, "0 2 * * 5-", "*-3 * * * *", "0 / * * *"],
)  # fmt: skip
def test_what_is_no_line_of_cron_says_nothing(line: str) -> None:
    assert runs_per_month(line) is None
