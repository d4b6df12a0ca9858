"""A text that gpuspec has edited, read again by json5, which shares no code with gpuspec's own reader.

json5 takes 7 ms a KB, and recurses: it is asked about what is to be written, never about what is only linted.
"""

from __future__ import annotations

from typing import Any

from gpuspec.plugin.time_limit import RuleTimeout, time_limit
from gpuspec.text.change import first_difference
from gpuspec.text.tree import Tree, pointer

LONGEST = 100_000
"""Characters that it reads; they take about a second."""

SECONDS = 5.0
"""It is not asked any longer."""


class NotRead(Exception):
    """json5 could not read the text for a reason that says nothing about it: its length, or its depth."""


def disagreement(tree: Tree) -> str | None:
    """What json5 reads otherwise than `tree` says, in words; None if it reads the same. Raises NotRead."""
    if len(tree.text) > LONGEST:
        raise NotRead(f"it has {len(tree.text):,} characters, and json5 is asked about {LONGEST:,} at most")
    import json5

    try:
        with time_limit(SECONDS):
            value = json5.loads(tree.text.removeprefix("\ufeff"))
        place = first_difference(tree.value, _joined(value))
    except RecursionError:
        raise NotRead("it is nested too deep for json5") from None
    except RuleTimeout:
        raise NotRead(f"json5 was not done after {SECONDS:g} s") from None
    except ValueError as error:
        return f"json5 cannot read it: {' '.join(str(error).split())}"
    return None if place is None else f"json5 reads another value at {pointer(*place) or 'its root'}"


def _joined(value: Any) -> Any:
    """The value with surrogate pairs joined: json5 leaves their halves apart."""
    if isinstance(value, str):
        return value.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "surrogatepass")
    if isinstance(value, dict):
        return {_joined(key): _joined(part) for key, part in value.items()}
    return [_joined(part) for part in value] if isinstance(value, list) else value
