"""Numbers as others write them: Python's own `float` also takes `1_0` for 10, `٣` for 3, "nan" and "infinity"."""

import re

SECONDS = {"s": 1, "m": 60, "h": 3_600, "d": 86_400, "w": 604_800}
"""The letter of a unit of time → seconds."""
GB = {"k": 2.0**-20, "m": 2.0**-10, "g": 1.0, "t": 2.0**10, "p": 2.0**20}
"""The letter of a unit of memory → GB, where each is 1,024 of the one before: what tools mean by 512MB or 1TB."""
_NUMBER = r"[+-]?(?:[0-9]{1,40}(?:\.[0-9]{0,40})?|\.[0-9]{1,40})(?:[eE][+-]?[0-9]{1,3})?"


def number_of(text: str) -> float | None:
    """The number that a text is, in the digits 0 to 9; None for anything else."""
    return float(text) if re.fullmatch(_NUMBER, text) else None


def is_digits(text: str) -> bool:
    """Whether a text is made of the digits 0 to 9, and of nothing else."""
    return text.isascii() and text.isdecimal()


def small_number(text: str) -> int | None:
    """The whole number of at most nine digits that a text is: a place in a list, an index. None for anything else;
    of thousands of digits, Python's own `int` makes an error."""
    return int(text) if len(text) < 10 and is_digits(text) else None
