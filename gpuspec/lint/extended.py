"""`extend = "FILE"` of the settings: another file's settings to start from, with what the nearer file says on top.

As in ruff (https://docs.astral.sh/ruff/settings/#extend, 2026-11): a setting replaces the one of the file it extends;
`ignore` and `extend-select` add to it, unless the nearer file has a `select`, which starts afresh. Tables of single
facts (`severity`, `rules`, `discounts`, `committed`) are put together by their keys, and what is said of files
(`per-file-usage`, `per-file-labels`) by their globs, the nearer file's first. Paths and globs are seen from the file
that they stand in. Only the files that are named are read: no address, no variable, no `~`.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from gpuspec.catalog.price_file import names_a_file
from gpuspec.errors import UserError
from gpuspec.lint.config_file import Config, bad_config, read_one
from gpuspec.lint.globs import glob_matches
from gpuspec.lint.selection import strength

MOST_LEVELS = 10
"""Files in a row that extend each other."""
LONGEST = 4_096
"""Characters of a path (PATH_MAX of Linux): to look where a longer one leads takes long."""
ADDED = ("ignore", "extend-select")
BY_KEY = ("severity", "rules", "discounts", "committed")
FACTS_BY_GLOB = ("per-file-usage", "per-file-labels")
PATHS = ("baseline", "prices", "api-prices")
GLOBS = ("include", "exclude")
BY_GLOB = ("per-file-ignores", "per-file-assume-gpu", "per-file-usage", "per-file-labels")


def extended(config: Config) -> Config:
    """A config with all that it extends. Raises UserError `bad-config` for a circle, and for what is not there."""
    chain = [config]
    while "extend" in chain[-1].values:
        chain.append(_next(chain))
    folder = os.path.dirname(os.path.abspath(config.path or ""))
    values: dict[str, Any] = {}
    origins: dict[str, tuple[str, ...]] = {}
    for each in reversed(chain):
        path = each.path or ""
        seen = _seen_from(folder, os.path.dirname(os.path.abspath(path)), each.values)
        if "select" in seen:
            for key in ADDED:
                values.pop(key, None)
                origins.pop(key, None)
        values["ignore"] = _without(values.get("ignore", []), seen)
        for key, value in seen.items():
            values[key], adds = _on_top(key, values.get(key), value)
            origins[key] = (*(origins.get(key, ()) if adds else ()), path)
    if not values["ignore"] and "ignore" not in origins:
        del values["ignore"]
    return Config(config.path, values, origins, tuple(each.path or "" for each in chain))


def _next(chain: list[Config]) -> Config:
    """The file that the last of a chain extends."""
    here = chain[-1].path or ""
    named = chain[-1].values["extend"]
    if "://" in named:
        raise bad_config(here, f"extend: {named} is an address", "settings are read from files alone.")
    if len(named) > LONGEST:
        raise bad_config(here, "extend: no file has so long a name", "name a file.")
    path = os.path.normpath(os.path.join(os.path.dirname(here), named))
    before = [os.path.realpath(each.path or "") for each in chain]
    if os.path.realpath(path) in before:
        circle = chain[before.index(os.path.realpath(path)) :]
        said = " → ".join([*(each.path or "" for each in circle), path])
        raise bad_config(here, f"extend goes in a circle: {said}", "leave one of them out.")
    if len(chain) == MOST_LEVELS:
        raise bad_config(
            here, f"extend: more than {MOST_LEVELS} files extend each other", "put some together."
        )
    try:
        found = read_one(path)
    except UserError as error:
        if error.code not in ("no-such-file", "unreadable-file"):
            raise
        hint = "it is seen from the folder of the file that names it."
        raise bad_config(here, f"extend: {error.message}", hint) from None
    if os.path.basename(path) == "pyproject.toml" and not found.values:
        raise bad_config(
            here, f"extend: {path} has no [tool.gpuspec]", "name the file that has the settings."
        )
    return found


def _without(ignored: list[str], nearer: Mapping[str, Any]) -> list[str]:
    """What is still ignored where a nearer file selects some of it again, in the same words or by a prefix."""
    again = nearer.get("extend-select", ())
    return [rule for rule in ignored if all(strength(each, rule, rule) < 0 for each in again)]


def _on_top(key: str, below: Any, value: Any) -> tuple[Any, bool]:
    """(a setting with what the nearer file says on top, whether anything of the other is left)."""
    if not below:
        return value, False
    if key in ADDED:
        return [*below, *(item for item in value if item not in below)], True
    if key == "rules":
        both = {name: {**below.get(name, {}), **value.get(name, {})} for name in {**below, **value}}
        return both, True
    if key in FACTS_BY_GLOB:  # the first glob that means a file counts
        same = {
            glob: {**below[glob], **value[glob]}
            for glob in value
            if key == "per-file-labels" and glob in below
        }
        return {**value, **same, **{glob: each for glob, each in below.items() if glob not in value}}, True
    if key in BY_KEY:
        mine = {name.strip().lower() for name in value}
        kept = {name: each for name, each in below.items() if name.strip().lower() not in mine}
        return {**kept, **value}, bool(kept)
    return value, False


def _seen_from(folder: str, stands_in: str, values: Mapping[str, Any]) -> dict[str, Any]:
    """Settings of a file in another folder, their paths and globs as seen from `folder`."""
    seen = dict(values)
    if folder == stands_in:
        return seen
    for key in PATHS:
        if key in seen and (key != "prices" or names_a_file(seen[key])):
            seen[key] = os.path.relpath(os.path.join(stands_in, seen[key]), folder)
    for key in GLOBS:
        if key in seen:
            seen[key] = [each for glob in seen[key] for each in glob_from(folder, stands_in, glob)]
    for key in BY_GLOB:
        if key in seen:
            seen[key] = {
                each: value
                for glob, value in seen[key].items()
                for each in glob_from(folder, stands_in, glob)
            }
    return seen


def glob_from(folder: str, stands_in: str, glob: str) -> list[str]:
    """Globs that mean below `folder` what `glob` means that is seen from the folder it `stands_in`."""
    body = glob.removeprefix("./").rstrip("/")
    if "/" not in body or body.startswith("**/"):
        return [glob]  # a name anywhere
    body = body.removeprefix("/")
    way = os.path.relpath(folder, stands_in).replace(os.sep, "/").split("/")
    if way[0] != os.pardir:
        return _below(tuple(body.split("/")), way)
    inside = os.path.relpath(stands_in, folder).replace(os.sep, "/")
    if inside.startswith(os.pardir):
        return []
    literal = "".join(f"\\{sign}" if sign in "*?[\\" else sign for sign in inside)
    return [f"/{literal}/{body}"]


def _below(glob: tuple[str, ...], way: list[str]) -> list[str]:
    """What is left of a glob behind the folders of `way`: several, where it has `**`; none, where it means another
    folder."""
    left = {glob}
    for name in way:
        left = {rest for each in left for rest in _behind(each, name)}
    return sorted("/" + "/".join(rest) if rest else "**" for rest in left)


def _behind(glob: tuple[str, ...], name: str) -> set[tuple[str, ...]]:
    if not glob:
        return {()}  # a folder above is meant, with all that is in it
    if glob[0] == "**":
        return {glob, *_behind(glob[1:], name)} if glob[1:] else {glob}
    return {glob[1:]} if glob_matches(name, glob[0]) else set()
