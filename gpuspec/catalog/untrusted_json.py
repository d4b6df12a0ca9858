"""JSON that strangers wrote, read within bounds: it ends in an object or in a ValueError, in words."""

from __future__ import annotations

from typing import Any

LONGEST_NUMBER = 400
"""Characters of a number: 10^30 has 31; no size, rate or seed is longer."""
_MERGE = ("<<<<<<<", "|||||||", "=======", ">>>>>>>")


def json_object(data: bytes, what: str, *, once: bool = False) -> dict[str, Any]:
    """The object that `data` holds; `what` names it in errors. With `once` it is read strictly: a key that stands
    twice is what a merge leaves behind, and NaN is no fact. Without, the last one counts, and NaN and Infinity are
    numbers, as for everybody who reads configs: Nemotron-H's holds an Infinity."""
    from json import JSONDecodeError, loads

    if not data.strip():
        raise ValueError(f"{what} is empty")
    try:
        value = loads(
            data,
            parse_int=_whole,
            parse_float=_number,
            parse_constant=_constant if once else None,
            object_pairs_hook=_each_once if once else None,
        )
    except RecursionError:
        raise ValueError(f"{what} is nested too deep") from None
    except UnicodeDecodeError:
        raise ValueError(f"{what} is no UTF-8 text") from None
    except JSONDecodeError as error:
        line = error.doc[error.doc.rfind("\n", 0, error.pos) + 1 :][:7]
        if line in _MERGE:
            raise ValueError(f"{what} holds the marks of a merge, in line {error.lineno}") from None
        raise ValueError(f"{what} is not JSON, in line {error.lineno}, column {error.colno}") from None
    except ValueError as error:  # of the functions below
        raise ValueError(f"{what} holds {error}") from None
    if not isinstance(value, dict):
        raise ValueError(f"{what} holds no object")
    return value


def object_of_format(data: bytes, number: int) -> dict[str, Any]:
    """The object of a file that gpuspec wrote and people commit, read strictly; its "format" is `number`."""
    document = json_object(data, "it", once=True)
    form = document.get("format")
    if type(form) is not int or form != number:
        raise ValueError(f"its format is {as_written(form)}, and this version of gpuspec reads {number}")
    return document


def as_written(value: Any) -> str:
    """A value as it stands in JSON, cut short."""
    from json import dumps

    written = dumps(value)
    return written if len(written) <= 60 else f"{written[:57]}..."


def _whole(digits: str) -> int:
    _check(digits)
    return int(digits)


def _number(digits: str) -> float:
    _check(digits)
    return float(digits)


def _check(digits: str) -> None:
    if len(digits) > LONGEST_NUMBER:
        many = "thousands of" if len(digits) > 1_000 else f"{len(digits)}"
        raise ValueError(f"a number of {many} digits")


def _constant(name: str) -> float:
    raise ValueError(f"{name}, which is no number")


def _each_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"{twice[:80]!r} twice")
    return found
