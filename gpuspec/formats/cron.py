"""How often a month a line of cron starts something: the five fields of crontab(5), as Kubernetes reads them.

https://pkg.go.dev/github.com/robfig/cron/v3, which Kubernetes and Argo use (read 2026-11): days of the month and days
of the week are either of them where both are given, `@every 1h30m` is an interval. A month is a twelfth of a year of
365 days, as everywhere in gpuspec, and each weekday is as likely as another."""

from __future__ import annotations

import re

from gpuspec.numerals import small_number

MOST = 200
"""Characters of a line."""
_NICKNAMES = {
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
    "@monthly": "0 0 1 * *",
    "@weekly": "0 0 * * 0",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@hourly": "0 * * * *",
}
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_DAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
_LENGTHS = (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
_SECONDS = {"h": 3600.0, "m": 60.0, "s": 1.0}
_MONTH = 730 * 3600.0


def runs_per_month(line: str) -> float | None:
    """How often, on average; None for what is no such line."""
    text = line.strip().lower()
    if len(text) > MOST:
        return None
    text = re.sub(r"^(?:cron_)?tz=\S+\s+", "", text)
    if text.startswith("@every "):
        return _every(text.removeprefix("@every ").strip())
    fields = _NICKNAMES.get(text, text).split()
    if len(fields) != 5:
        return None
    minutes, hours = _values(fields[0], 0, 59), _values(fields[1], 0, 23)
    days, months = _values(fields[2], 1, 31), _values(fields[3], 1, 12, _MONTHS)
    weekdays = _values(fields[4], 0, 7, _DAYS)
    if not (minutes and hours and days and months and weekdays):
        return None
    any_day, any_weekday = fields[2] in ("*", "?"), fields[4] in ("*", "?")
    share = len({number % 7 for number in weekdays}) / 7
    found = 0.0
    for month, length in enumerate(_LENGTHS, 1):
        if month in months:
            named = sum(day in days for day in range(1, length + 1))
            if any_day or any_weekday:
                found += named * share
            else:  # either of them
                found += named + (length - named) * share
    return found * len(minutes) * len(hours) / 12


def _every(text: str) -> float | None:
    """An interval of Go: "1h30m"."""
    if not re.fullmatch(r"(?:\d{1,7}(?:\.\d{1,7})?[hms])+", text):
        return None
    seconds = sum(
        float(number) * _SECONDS[unit] for number, unit in re.findall(r"(\d+(?:\.\d+)?)([hms])", text)
    )
    return _MONTH / max(seconds, 1.0) if seconds else None


def _values(field: str, low: int, high: int, names: tuple[str, ...] = ()) -> set[int]:
    """What a field means; nothing, where any part of it cannot be read."""
    found: set[int] = set()
    for part in field.split(","):
        span, _, step = part.partition("/")
        first, dash, last = span.partition("-")
        if first in ("*", "?") and not dash:
            start, end = low, high
        else:
            start, end = _number(first, names, low), _number(last, names, low) if dash else -1
            end = end if dash else (high if step else start)
        every = (small_number(step) or 0) if step else 1
        if ("/" in part and not every) or not low <= start <= end <= high:
            return set()
        found.update(range(start, end + 1, every))
    return found


def _number(text: str, names: tuple[str, ...], low: int) -> int:
    """A number, or the name of a month or day; -1 for what is neither."""
    if text in names:
        return names.index(text) + low
    number = small_number(text)
    return -1 if number is None else number
