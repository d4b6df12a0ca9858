"""Options that several commands have, word for word the same."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click

from gpuspec.numerals import is_digits, number_of

config_option = click.option("--config", metavar="FILE", help="Use this config file and no other.")
json_format_option = click.option("--json", "as_json", is_flag=True, help="Print it as JSON: --format json.")
isolated_option = click.option("--isolated", is_flag=True, help="Use no config file.")


class Number(click.FloatRange):
    """A number, in the digits 0 to 9."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        if isinstance(value, str) and number_of(value) is None:
            self.fail(f"{value!r} is not a number.", param, ctx)
        return float(super().convert(value, param, ctx))

    def _describe_range(self) -> str:
        """What click's help says of the bounds: nothing where there are none (click prints `x<=None`)."""
        return "" if self.min is None and self.max is None else super()._describe_range()


class Amount(Number):
    """A number up to `most`, above zero unless `zero` is one, too. What is beyond every job would overflow
    somewhere."""

    def __init__(self, most: float, *, zero: bool = False) -> None:
        super().__init__(min=0, max=most, min_open=not zero)


class Whole(click.IntRange):
    """A whole number, in the digits 0 to 9."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        if isinstance(value, str) and not is_digits(value.lstrip("+-")):
            self.fail(f"{value!r} is not a whole number.", param, ctx)
        return int(super().convert(value, param, ctx))

    def _describe_range(self) -> str:
        """As that of `Number`."""
        return "" if self.min is None and self.max is None else super()._describe_range()


class Tokens(Whole):
    """A whole number of tokens, also as lengths of contexts are named: `32k` is 32,768, `1m` is 1,048,576."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        if isinstance(value, str) and is_digits(value[:-1]) and value[-1] in _UNITS:
            value = int(value[:-1]) * _UNITS[value[-1]]
        elif isinstance(value, str) and not is_digits(value.lstrip("+-")):
            self.fail(f"{value!r} is no number of tokens: 8192, 32k and 1m are.", param, ctx)
        return super().convert(value, param, ctx)


_UNITS = {"k": 1 << 10, "K": 1 << 10, "m": 1 << 20, "M": 1 << 20}


MOST_HOURS = 87_600
"""Ten years, as `budget.max_hours` of a spec has it."""
MOST_DOLLARS = 100_000_000
"""As `budget.max_total` of a spec has it."""
MOST_USERS = 1_000_000
"""As `users` of a spec has it."""


def format_option(*formats: str) -> Callable[[Any], Any]:
    """`--format`, the first of them by default; the command gets it as `format_`."""
    kinds = click.Choice(formats)
    help_ = "How to print it."
    return click.option("--format", "format_", type=kinds, default=formats[0], show_default=True, help=help_)


def one_format(format_: str, *, as_json: bool) -> str:
    """The format asked for by `--format` (whose default is text) and by `--json`, which may not contradict."""
    if as_json and format_ not in ("text", "json"):
        raise click.UsageError(
            f"--json is --format json, and --format {format_} something else: give one of them"
        )
    return "json" if as_json else format_
