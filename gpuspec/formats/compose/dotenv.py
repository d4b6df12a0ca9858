"""Files of variables: `.env` beside a compose file, and what `env_file` names."""

import re
from collections import ChainMap
from collections.abc import Mapping

from gpuspec.formats.compose.interpolation import fill

_ENTRY = re.compile(
    r"^[ \t]*(?:export[ \t]+)?(?P<name>[A-Za-z_][A-Za-z0-9_.-]*)[ \t]*[=:][ \t]*"
    r"(?:'(?P<literal>[^']*)'|\"(?P<quoted>(?:[^\"\\]|\\.)*)\"|(?P<plain>[^\r\n]*))",
    re.M | re.S,
)
_ESCAPE = re.compile(r"\\(.)", re.S)
_ESCAPED = {"n": "\n", "r": "\r", "t": "\t"}
_SECRET = re.compile(
    r"(?:^|_)(?:TOKEN|(?:API|ACCESS|PRIVATE)?KEY|SECRET|PASSWORD|PASSWD|CREDENTIALS?)$", re.I
)
_LONGEST = 10_000
"""Characters of a value: a longer one is left out, so that values of values cannot grow without end."""


def variables_of(text: str, given: Mapping[str, str | None] | None = None) -> dict[str, str | None]:
    """The variables that a file sets: None those whose names say that they are secrets, which nothing here needs to
    know. They may use those before them, and those `given`; one that needs a variable that neither has is left out,
    since nobody knows its value."""
    found: dict[str, str | None] = {}
    known = ChainMap(found, dict(given or {}))
    for entry in _ENTRY.finditer(text):
        name, value = entry["name"], _value(entry, known)
        if value is None or len(value) > _LONGEST:
            found.pop(name, None)
        else:
            found[name] = None if value and is_secret(name) else value
    return found


def is_secret(name: str) -> bool:
    """Whether a variable holds a secret, by its name."""
    return _SECRET.search(name) is not None


def _value(entry: re.Match[str], known: Mapping[str, str | None]) -> str | None:
    if entry["literal"] is not None:
        return entry["literal"]
    if entry["quoted"] is not None:
        text = _ESCAPE.sub(lambda escape: _ESCAPED.get(escape[1], escape[1]), entry["quoted"])
    else:
        text = re.split(r"(?:^|\s)#", entry["plain"], maxsplit=1)[0].rstrip()
    filled = fill(text, known)
    return filled.text if filled.known else None
