"""`gpuspec-policy.toml`: found above a spec, read, and checked as a whole."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from difflib import get_close_matches
from fnmatch import fnmatchcase
from typing import Any, NamedTuple

NAME = "gpuspec-policy.toml"
VARIABLE = "GPUSPEC_POLICY"
"""Names a policy for specs that have none above them: an organisation's own, on a build machine."""

NUMBER, TEXT, WORDS = "a number of 0 or more", "a string", "a list of strings"
TABLES: dict[str, dict[str, str]] = {
    "clouds": {"allowed": WORDS, "message": TEXT},
    "regions": {"allowed": WORDS, "message": TEXT},
    "gpus": {"allowed": WORDS, "banned": WORDS, "message": TEXT},
    "required": {"fields": WORDS, "labels": WORDS, "message": TEXT},
    "quiet-hours": {"from": TEXT, "to": TEXT, "label": TEXT, "message": TEXT},
}
CAP = {"paths": WORDS, "hourly": NUMBER, "monthly": NUMBER, "message": TEXT}


class PolicyError(Exception):
    """The file cannot be used; says where and why."""


class Policy(NamedTuple):
    """A policy file that is in order. Tables that it does not have are empty."""

    path: str
    tables: Mapping[str, Mapping[str, Any]]
    caps: tuple[Mapping[str, Any], ...]
    message: str

    def table(self, name: str) -> Mapping[str, Any]:
        """What it says under a heading."""
        return self.tables.get(name, {})

    def cap(self, spec: str) -> Mapping[str, Any]:
        """The first cap whose paths match a spec; `*` also crosses folders. {} if none does."""
        inner = os.path.relpath(os.path.abspath(spec), os.path.dirname(self.path)).replace(os.sep, "/")
        return next((c for c in self.caps if any(fnmatchcase(inner, p) for p in c.get("paths", ["*"]))), {})

    def words(self, table: Mapping[str, Any]) -> str:
        """What the platform team says to a finding: the table's own message, else the file's."""
        said = table.get("message", self.message)
        return f"{said} ({NAME})" if said else f"see {NAME}"


def minutes(text: str) -> int | None:
    """Minutes after midnight of "HH:MM"; None if it is none."""
    hours, colon, rest = text.partition(":")
    if not (colon and hours.isdecimal() and len(hours) <= 2 and rest.isdecimal() and len(rest) == 2):
        return None
    return int(hours) * 60 + int(rest) if int(hours) < 24 and int(rest) < 60 else None


_read: dict[str, Policy | PolicyError] = {}


def policy_for(spec: str) -> Policy | None:
    """The policy in force for a spec; None where there is none. Raises PolicyError."""
    path = _nearest(os.path.dirname(os.path.abspath(spec))) or os.environ.get(VARIABLE)
    if not path:
        return None
    if path not in _read:
        try:
            _read[path] = read(path)
        except PolicyError as error:
            _read[path] = error
    found = _read[path]
    if isinstance(found, PolicyError):
        raise found
    return found


def _nearest(folder: str) -> str | None:
    while True:
        path = os.path.join(folder, NAME)
        if os.path.isfile(path):
            return path
        parent = os.path.dirname(folder)
        if parent == folder:
            return None
        folder = parent


def read(path: str) -> Policy:
    """A policy file. Raises PolicyError for what is not TOML, not known, or of another type."""
    if sys.version_info >= (3, 11):
        import tomllib
    else:
        import tomli as tomllib
    try:
        with open(path, "rb") as file:
            document = tomllib.load(file)
    except OSError as error:
        raise PolicyError(f"{path} cannot be read: {error.strerror}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise PolicyError(f"{path} is not TOML: {error}") from None
    for key, value in document.items():
        if key == "message":
            _check(path, key, value, TEXT)
        elif key == "caps":
            _caps(path, value)
        elif key in TABLES:
            _table(path, key, value, TABLES[key])
        else:
            raise PolicyError(
                f"{path}: there is nothing called {key!r}{_near(key, [*TABLES, 'caps', 'message'])}"
            )
    _hours(path, document.get("quiet-hours"))
    tables = {key: value for key, value in document.items() if key in TABLES}
    return Policy(os.path.abspath(path), tables, tuple(document.get("caps", ())), document.get("message", ""))


def _caps(path: str, caps: Any) -> None:
    if not isinstance(caps, list):
        raise PolicyError(f"{path}: caps are written [[caps]], with two brackets")
    for at, cap in enumerate(caps, start=1):
        _table(path, f"caps {at}", cap, CAP)
        if "hourly" not in cap and "monthly" not in cap:
            raise PolicyError(f"{path}: caps {at} has neither hourly nor monthly")


def _table(path: str, name: str, table: Any, keys: Mapping[str, str]) -> None:
    if not isinstance(table, dict):
        raise PolicyError(f"{path}: {name} must be a table")
    for key, value in table.items():
        if key not in keys:
            raise PolicyError(f"{path}: {name} has no {key!r}{_near(key, list(keys))}")
        _check(path, f"{name}.{key}", value, keys[key])


def _check(path: str, where: str, value: Any, kind: str) -> None:
    number = isinstance(value, (int, float)) and not isinstance(value, bool) and value >= 0
    words = isinstance(value, list) and all(isinstance(item, str) for item in value)
    if not {NUMBER: number, TEXT: isinstance(value, str), WORDS: words}[kind]:
        raise PolicyError(f"{path}: {where} = {value!r} must be {kind}")


def _hours(path: str, table: Any) -> None:
    if table is None:
        return
    for key in ("from", "to", "label"):
        if key not in table:
            raise PolicyError(f"{path}: quiet-hours needs {key!r}")
    for key in ("from", "to"):
        if minutes(table[key]) is None:
            raise PolicyError(f"{path}: quiet-hours.{key} = {table[key]!r} is no time like 22:00")


def _near(word: str, known: list[str]) -> str:
    near = get_close_matches(word, known, n=1, cutoff=0.6)
    return f"; did you mean {near[0]!r}?" if near else f"; there are {', '.join(known)}"
