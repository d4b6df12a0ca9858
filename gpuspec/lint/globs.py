"""Globs as .gitignore writes them: for exclude, include, per-file-ignores and .gitignore itself.

Not pathspec: it takes 45 ms to import, and of 150 random trees (tests/lint/test_gitignore.py) it read 24 otherwise
than git.
"""

import os
import re
from typing import NamedTuple

_compiled: dict[str, re.Pattern[str]] = {}


def glob_matches(path: str, glob: str) -> bool:
    """Whether a glob means a path, or a folder above it. `path` is relative, with forward slashes.

    A glob with a slash inside starts at the root; one without means a name anywhere. `*` and `?` stay
    within a folder, `**` crosses them.
    """
    pattern = _compiled.get(glob)
    if pattern is None:
        pattern = _compiled[glob] = re.compile(f"{_pattern(glob.removeprefix('./'))}(?:/.*)?", re.S)
    return pattern.fullmatch(path) is not None


def relative(path: str, root: str) -> str:
    """`path` as seen from the folder `root`, with forward slashes."""
    return os.path.relpath(path, root).replace(os.sep, "/")


_PIECE = r"/\*\*/|^\*\*/|/\*\*$|^\*\*$|\*\*+|\*|\?|\[[!^]?\]?(?:\[:\w+:\]|\\.|[^\]])*\]|\\."
_CROSSING = {"/**/": "/(?:.*/)?", "**/": "(?:.*/)?", "/**": "/.*", "**": ".*", "*": "[^/]*", "?": "[^/]"}
_CLASSES = {
    "alpha": "a-zA-Z", "digit": "0-9", "alnum": "a-zA-Z0-9", "upper": "A-Z", "lower": "a-z", "space": r"\s",
    "blank": r" \t",
    "xdigit": "0-9a-fA-F", "punct": r"!-/:-@\[-`{-~", "print": " -~", "graph": "!-~", "cntrl": r"\0-\x1f",
}  # fmt: skip


def _pattern(glob: str) -> str:
    body = glob.rstrip("/")
    rooted = "/" in body
    body = body.removeprefix("/")
    out, at = "" if rooted else "(?:.*/)?", 0
    for piece in re.finditer(_PIECE, body):
        out += re.escape(body[at : piece.start()]) + _regex(piece[0])
        at = piece.end()
    return out + re.escape(body[at:])


def _regex(piece: str) -> str:
    if piece.startswith("["):
        return _class(piece[1:-1])
    if piece.startswith("\\"):
        return re.escape(piece[1])
    return _CROSSING.get(piece, ".*")


def _class(inside: str) -> str:
    """A bracket expression of fnmatch; it never means a slash."""
    other = inside[:1] in ("!", "^")
    out = ""
    for part in re.finditer(r"\[:(\w+):\]|\\(.)|(.)", inside[other:], re.S):
        name, escaped, plain = part.groups()
        sign = escaped or plain or ""
        out += _CLASSES.get(name, "") if name else sign if plain == "-" else re.escape(sign)
    try:
        re.compile(f"[{out}]")
    except re.error:  # a range that ends before it begins means nothing
        return "(?!)"
    return f"(?!/)[{'^' if other else ''}{out}]"


class Ignore(NamedTuple):
    """One line of a .gitignore in `folder`."""

    folder: str
    glob: str
    negated: bool
    folders_only: bool


def read_gitignore(folder: str, name: str = ".gitignore") -> list[Ignore]:
    """The lines of a folder's .gitignore that mean something."""
    try:
        with open(os.path.join(folder, name), encoding="utf-8-sig", errors="replace", newline="") as file:
            lines = file.read().split("\n")
    except OSError:
        return []
    found = []
    for line in lines:
        line = re.sub(r"(?<!\\) +$", "", line.removesuffix("\r"))
        if not line or line.startswith("#"):
            continue
        negated = line.startswith("!")
        glob = line[1:] if negated else line
        if glob.strip("/"):
            found.append(Ignore(folder, glob, negated, glob.endswith("/")))
    return found


def gitignores_above(folder: str) -> list[Ignore]:
    """What git ignores in `folder` by rules from above it, up to the repository's root."""
    stack = []
    here = os.path.abspath(folder)
    while True:
        stack.append(here)
        if os.path.exists(os.path.join(here, ".git")):
            break
        parent = os.path.dirname(here)
        if parent == here:
            return []  # no repository: .gitignore means nothing, as to git itself
        here = parent
    ignores = read_gitignore(os.path.join(here, ".git", "info"), "exclude")
    found = [entry._replace(folder=here) for entry in ignores]
    for above in reversed(stack[1:]):
        found += read_gitignore(above)
    return found


def _means(path: str, glob: str) -> bool:
    """Whether a line of a .gitignore means this very path. Two stars within a name are one, and `./` is nothing."""
    key = f"\0{glob}"
    pattern = _compiled.get(key)
    if pattern is None:
        plain = re.sub(r"(?<=[^/*])\*\*+|\*\*+(?=[^/*])", "*", glob)
        pattern = _compiled[key] = re.compile(_pattern(plain), re.S)
    return pattern.fullmatch(path) is not None


def is_ignored(path: str, is_folder: bool, ignores: list[Ignore]) -> bool:
    """Whether git would ignore an absolute path in a folder that it does not ignore; the last line that matches
    decides."""
    for entry in reversed(ignores):
        if entry.folders_only and not is_folder:
            continue
        if path.startswith(entry.folder + os.sep) or entry.folder == os.sep:
            inner = path[len(entry.folder) :].lstrip(os.sep).replace(os.sep, "/")
            if _means(inner, entry.glob):
                return not entry.negated
    return False
