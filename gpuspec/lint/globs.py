"""Globs as .gitignore writes them: for exclude, include, per-file-ignores and .gitignore itself.

Not pathspec: it takes 45 ms to import, and of 150 random trees (tests/lint/test_gitignore.py) it read 24 otherwise
than git.
"""

import os
import re
from collections.abc import Iterator
from functools import cache

LONGEST = 4096
"""Characters of a glob: a longer one means nothing. No path of Linux is longer."""
_compiled: dict[str, re.Pattern[str]] = {}


def glob_matches(path: str, glob: str) -> bool:
    """Whether a glob means a path, or a folder above it. `path` is relative, with forward slashes.

    A glob with a slash inside starts at the root; one without means a name anywhere. `*` and `?` stay
    within a folder, `**` crosses them.
    """
    return _matches(path, glob.removeprefix("./"), "(?:/.*)?")


def glob_means(path: str, glob: str) -> bool:
    """Whether a line of a .gitignore means this very path. Two stars within a name are one."""
    begins, ends, glob = _in_gitignore(glob)
    seen = path if "/" in glob.rstrip("/") else path.rpartition("/")[2]
    # A regular expression takes a hundred times as long to make as this look at both ends, which most paths fail.
    return seen.startswith(begins) and seen.endswith(ends) and _matches(seen, glob, "")


@cache
def _in_gitignore(glob: str) -> tuple[str, str, str]:
    """How all begins, and ends, that a line means; the glob it is to `_pattern`."""
    body = glob.rstrip("/").removeprefix("/")
    signs = [at for at, sign in enumerate(body) if sign in "*?[\\"] or [len(body)]
    ends = "" if "[" in body or "\\" in body else body[signs[-1] + 1 :].removeprefix("/")
    return body[: signs[0]], ends, re.sub(r"(?<=[^/*])\*\*+|(?<!\*)\*\*+(?=[^/*])", "*", glob)


def relative(path: str, root: str) -> str:
    """`path` as seen from the folder `root`, with forward slashes."""
    return os.path.relpath(path, root).replace(os.sep, "/")


def _matches(path: str, glob: str, below: str) -> bool:
    pattern = _compiled.get(glob + below)
    if pattern is None:
        pattern = _compiled[glob + below] = re.compile(_pattern(glob) + below, re.S)
    return pattern.fullmatch(path) is not None


_WILDCARD = r"/\*\*/|^\*\*/|/\*\*\Z|^\*\*\Z|\*\*+|\*"
_FOLDERS, _ANYTHING, _STAR = "(?:.*/)?", ".*", "[^/]*"
_MEANS = {"/**/": ("/", _FOLDERS), "**/": ("", _FOLDERS), "/**": ("/", _ANYTHING), "*": ("", _STAR)}
"""wildcard → (text before it, its regular expression); any other crosses folders"""
_SHORTEST = {_FOLDERS: "(?:.*?/)??", _ANYTHING: ".*?", _STAR: "[^/]*?"}
_NOTHING = "(?!)"
_CLASSES = {
    "alpha": "a-zA-Z", "digit": "0-9", "alnum": "a-zA-Z0-9", "upper": "A-Z", "lower": "a-z", "space": r"\s",
    "blank": r" \t",
    "xdigit": "0-9a-fA-F", "punct": r"!-/:-@\[-`{-~", "print": " -~", "graph": "!-~", "cntrl": r"\0-\x1f",
}  # fmt: skip


def _pattern(glob: str) -> str:
    """A regular expression that is quick for any glob and path, however many stars there are.

    The text between two wildcards is taken where it first stands and nowhere else: what follows it may be anything,
    so a later place could not do better. That holds for the stars within a stretch of the glob that crosses no
    folder, and for such stretches between wildcards that do. `fnmatch.translate` does it with its one star."""
    body = glob.rstrip("/")
    stretches: list[list[tuple[str, str]]] = []
    for number, (wildcard, text) in enumerate(_pieces(body) if len(body) <= LONGEST else [("", _NOTHING)]):
        if number == 0 or wildcard != _STAR:
            stretches.append([])
        stretches[-1].append((wildcard, text))
    out, number = "", 0
    for (crossing, head), *stars in stretches[:-1]:
        inner = head
        for star, text in stars:
            inner, number = inner + _first(star, text, number), number + 1
        out, number = out + _first(crossing, inner, number), number + 1
    (crossing, head), *stars = stretches[-1]
    out += crossing + head
    for star, text in stars[:-1]:
        out, number = out + _first(star, text, number), number + 1
    return out + "".join(star + text for star, text in stars[-1:])


def _first(wildcard: str, text: str, number: int) -> str:
    """A wildcard and the text after it, where that first stands."""
    shortest = _SHORTEST.get(wildcard, "")
    return f"(?=(?P<g{number}>{shortest}{text}))(?P=g{number})" if shortest else text


def _pieces(body: str) -> Iterator[tuple[str, str]]:
    """(regular expression of a wildcard, of the text after it), in order; the first has none where the glob starts at
    the root."""
    wildcard, text = "" if "/" in body else _FOLDERS, ""
    body = re.sub(r"(^|/)(?:\*\*/)+", r"\1**/", body.removeprefix("/"))
    at, find = 0, re.compile(_WILDCARD).match
    while at < len(body):
        found = find(body, at)
        if found:
            before, crossing = _MEANS.get(found[0], ("", _ANYTHING))
            yield wildcard, text + before
            wildcard, text, at = crossing, "", found.end()
        elif body[at] == "[":
            end = _bracket_end(body, at)
            text, at = text + (_class(body[at + 1 : end]) if end < len(body) else _NOTHING), end + 1
        elif body[at] == "\\" and at + 1 < len(body):
            text, at = text + re.escape(body[at + 1]), at + 2
        else:
            text, at = text + ("[^/]" if body[at] == "?" else re.escape(body[at])), at + 1
    yield wildcard, text


def _bracket_end(body: str, at: int) -> int:
    """Where the "]" of a bracket expression stands; the end of the glob where there is none."""
    at += 2 if body[at + 1 : at + 2] in ("!", "^") else 1
    at += body[at : at + 1] == "]"
    inside = re.compile(r"\[:\w+:\]|\\.|[^\]\\]", re.S)
    while found := inside.match(body, at):
        at = found.end()
    return at


def _class(inside: str) -> str:
    """A bracket expression of fnmatch; it never means a slash."""
    other = inside[:1] in ("!", "^")
    signs = list(re.finditer(r"\[:(\w+):\]|\\(.)|(.)", inside[other:], re.S))
    out, at = "", 0
    while at < len(signs):
        name, escaped, plain = signs[at].groups()
        sign = escaped or plain
        last = signs[at + 2] if at + 2 < len(signs) and signs[at + 1][3] == "-" and not name else None
        if last and not last[1]:
            end, at = last[2] or last[3], at + 3
            # To git a range that ends before it begins means its first sign.
            out += f"{re.escape(sign)}-{re.escape(end)}" if sign <= end else re.escape(sign)
        else:
            out, at = out + (_CLASSES.get(name, "") if name else re.escape(sign)), at + 1
    if not out:
        return "[^/]" if other else _NOTHING
    return f"(?!/)[{'^' if other else ''}{out}]"
