"""What a change may cost: `--fail-above +100/month`, `+10%`."""

from __future__ import annotations

import re
from typing import Any

import click

from gpuspec.named_tuple import NamedTuple
from gpuspec.report.what_changed import Exceeded, Per, Sum, WhatChanged, more_in_percent, signed

_FORM = re.compile(r"\+(\$?)([0-9][0-9,]{0,20}(?:\.[0-9]{1,9})?)(?:/(hour|run|month)|(%))")
LEAST = 0.005
"""Dollars: half a cent is not told."""


class CostLimit(NamedTuple):
    """Dollars that a change may add to an hour, a run or a month of all jobs; with `is_share`, percent of a month."""

    written: str
    amount: float
    per: Per
    is_share: bool = False

    def exceeded(self, found: WhatChanged) -> Exceeded | None:
        """What the change adds, where that is more."""
        sums = found.sum_of(self.per)
        allowed = sums.before * self.amount / 100 if self.is_share else self.amount
        if sums.more < LEAST or sums.more <= allowed + LEAST:
            return None
        return Exceeded(self.written, added(sums, self.per))


def added(sums: Sum, per: Per) -> str:
    """`+$2,007/month (+1,100 %)`."""
    return f"{signed(sums.more)}/{per}{more_in_percent(sums.before, sums.after)}"


class Limit(click.ParamType["CostLimit"]):
    """A CostLimit of the command line."""

    name = "limit"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> CostLimit:
        if isinstance(value, CostLimit):
            return value
        found = _FORM.fullmatch(value.replace(" ", ""))
        if found is None or (found[1] and found[4]):
            self.fail(
                f"{value!r} is no limit of what a change may add: +100/month, +2.50/hour, +40/run and +10% are. "
                "What all jobs may cost is said by [budget] in the settings, and checked by `gpuspec bill`.",
                param,
                ctx,
            )
        amount = float(found[2].replace(",", ""))
        per: Per = "hour" if found[3] == "hour" else "run" if found[3] == "run" else "month"
        return CostLimit(value.strip(), amount, per, is_share=bool(found[4]))
