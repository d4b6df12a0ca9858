"""`${NAME}` in the values of a compose file, filled in as docker compose does it.

compose-spec, 12-interpolation.md, and compose-go's package `template`, November 2026: `$NAME`, `${NAME}`,
`${NAME:-default}`, `${NAME-default}`, `${NAME:+other}`, `${NAME+other}`, `${NAME:?error}`, `${NAME?error}`, `$$`;
defaults may hold others."""

import re
from collections.abc import Mapping, Sequence

from gpuspec.named_tuple import NamedTuple

_VARIABLE = re.compile(r"\$(?:(?P<escaped>\$)|(?P<named>[A-Za-z_][A-Za-z0-9_]*)|\{)")
_BRACED = re.compile(r"(?P<name>[A-Za-z_][A-Za-z0-9_]*)(?P<operator>:?[-+?]|\Z|(?=\}))")
_BRACES = re.compile(r"\$\$|\$\{|\}")
MOST_CHARACTERS = 1_000_000
"""Of one value once its variables are filled in."""
_DEEPEST = 50


class Filled(NamedTuple):
    """A value whose variables are filled in. One that has no value stays as `${NAME}`: at the places of `holes` in
    the text, and then `known` is False. `origins` has for each character of the text the place in the value as
    written that it comes from."""

    text: str
    known: bool
    origins: Sequence[int]
    holes: tuple[int, ...] = ()


def fill(raw: str, variables: Mapping[str, str | None]) -> Filled:
    """A value with the variables of `.env` filled in (None: it has one that is nobody's business). What has none gets
    its default."""
    if "$" not in raw:
        return Filled(raw, True, range(len(raw)))
    filler = _Filler(raw, variables)
    filler.part(0, len(raw), 0)
    return Filled("".join(filler.written), filler.known, filler.origins, tuple(filler.holes))


def _closing_braces(raw: str) -> dict[int, int]:
    """Where each `${` ends. Plain braces do not count, as in compose."""
    ends, around = {}, []
    for found in _BRACES.finditer(raw):
        if found[0] == "${":
            around.append(found.start())
        elif found[0] == "}" and around:
            ends[around.pop()] = found.start()
    return ends


class _Filler:
    def __init__(self, raw: str, variables: Mapping[str, str | None]) -> None:
        self.raw = raw
        self.variables = variables
        self.ends = _closing_braces(raw)
        self.written: list[str] = []
        self.origins: list[int] = []
        self.holes: list[int] = []
        self.known = True

    def part(self, start: int, end: int, depth: int) -> None:
        """Write what stands from `start` to `end`."""
        while start < end:
            found = _VARIABLE.search(self.raw, start, end)
            if found is None:
                self.literal(start, end)
                return
            self.literal(start, found.start())
            start = self.variable(found, end, depth)

    def variable(self, found: re.Match[str], end: int, depth: int) -> int:
        """Write one variable; where the text goes on behind it."""
        at = found.start()
        if found["escaped"]:
            self.literal(at + 1, at + 2)
            return found.end()
        if found["named"]:
            self.value(found["named"], at)
            return found.end()
        close = self.ends.get(at, end)
        braced = _BRACED.match(self.raw, at + 2, close)
        if close >= end or braced is None or depth > _DEEPEST:  # compose refuses it
            self.known = False
            self.literal(at, found.end())
            return found.end()
        name, operator = braced["name"], braced["operator"]
        given = name in self.variables and (self.variables[name] != "" or not operator.startswith(":"))
        if operator.endswith("+"):
            if given:
                self.part(braced.end(), close, depth + 1)
        elif operator.endswith("-") and not given:
            self.part(braced.end(), close, depth + 1)
        else:
            self.value(name, at)
        return close + 1

    def value(self, name: str, at: int) -> None:
        """Write the value of a variable."""
        value = self.variables.get(name)
        if value is None or len(self.origins) + len(value) > MOST_CHARACTERS:
            self.known = False
            self.holes.append(len(self.origins))
            value = f"${{{name}}}"
        self.written.append(value)
        self.origins += [at] * len(value)

    def literal(self, start: int, end: int) -> None:
        """Write what stands there as it is."""
        self.written.append(self.raw[start:end])
        self.origins += range(start, end)
