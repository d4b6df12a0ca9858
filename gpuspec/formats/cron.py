"""How often a month a line of cron starts something: five fields, as Kubernetes reads them.

Kubernetes and Argo use github.com/robfig/cron/v3 (parser.go and spec.go as kubernetes/kubernetes vendors them;
argoproj/argo-workflows, cron_workflow_types.go; both read 2026-11-30): a day is one of the month or one of the week
where both are given, and both where one of them has a `*` without a step; `@every 1h30m` is an interval; seconds, L,
W and # are refused. dstack 0.22.5 asks apscheduler 3 (CronTrigger.from_crontab, read 2026-11-30), which takes days
that are both, and no `@daily`. Time zones change when, not how often.

A month is a twelfth of a year of 365 days, as everywhere in gpuspec, and each weekday is as likely as another."""

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
_DAYS = tuple(re.findall("...", "sunmontuewedthufrisat"))
_LENGTHS = (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
_STAR = re.compile(r"(?:^|,)[*?](?:/0*1)?(?:,|$)")
"""A part of a field that leaves the choice of days to the other field."""
_SECONDS = {"h": 3600.0, "m": 60.0, "s": 1.0}
_MONTH = 730 * 3600.0


def runs_per_month(line: str, *, both_days: bool = False) -> float | None:
    """How often, on average; None for what is no such line. `both_days`: as apscheduler has it, five fields alone,
    and a day of the month that is that day of the week, too."""
    text = line.strip().lower()
    if len(text) > MOST:
        return None
    if not both_days:
        text = re.sub(r"^(?:cron_)?tz=\S+\s+", "", text)
    if text.startswith("@every ") and not both_days:
        return _every(text.removeprefix("@every ").strip())
    fields = (text if both_days else _NICKNAMES.get(text, text)).split()
    if len(fields) != 5:
        return None
    minutes, hours = _values(fields[0], 0, 59), _values(fields[1], 0, 23)
    days, months = _values(fields[2], 1, 31), _values(fields[3], 1, 12, _MONTHS)
    weekdays = _values(fields[4], 0, 7, _DAYS)
    if not (minutes and hours and days and months and weekdays):
        return None
    together = both_days or _STAR.search(fields[2]) or _STAR.search(fields[4])
    share = len({number % 7 for number in weekdays}) / 7
    found = 0.0
    for month, length in enumerate(_LENGTHS, 1):
        if month in months:
            named = sum(day in days for day in range(1, length + 1))
            if together:
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
