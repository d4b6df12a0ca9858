"""No pattern of ours takes the square of a text's length, or worse, where it is tried at one place.

Two repetitions side by side that may take the same characters, with something behind them that may fail, are tried in
every division of these characters; a repetition of repetitions in every way to take them apart. Both show in the
pattern's own tree, so nothing is timed here.
"""

from __future__ import annotations

import ast
import importlib
import re
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

if sys.version_info >= (3, 11):
    import re._constants as op
    import re._parser as parser
else:
    import sre_constants as op
    import sre_parse as parser

ROOT = Path(__file__).parents[2]
MANY = 256
"""Repetitions from which one counts as without end."""
ALPHABET = [chr(code) for code in range(128)] + ["é", "\u2028"]
SHORT = {
    "commands/shell/expand.py": "_COUNTS_GPUS is asked of 300 characters at most",
    "lint/page.py": "the docstrings of rules",
}
"""Module → why its patterns may be slow."""
Items = Sequence[tuple[Any, Any]]


def patterns() -> Iterator[tuple[str, str, int]]:
    """(module, pattern, flags) of every one that stands in the package: as an argument of `re`, or compiled."""
    for path in sorted((ROOT / "gpuspec").rglob("*.py")):
        name = path.relative_to(ROOT / "gpuspec").as_posix()
        module = None if "templates" in name else _module(path)
        for value in vars(module).values() if module else ():
            if isinstance(value, re.Pattern) and isinstance(value.pattern, str):
                yield name, value.pattern, value.flags
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and ast.unparse(node.func).startswith("re.") and node.args:
                first = node.args[0]
                value = first.value if isinstance(first, ast.Constant) else None
                if isinstance(first, ast.Name):
                    value = getattr(module, first.id, None)
                if isinstance(value, str) and ast.unparse(node.func) != "re.escape":
                    yield name, value, 0


def _module(path: Path) -> Any:
    parts = path.relative_to(ROOT).with_suffix("").parts
    if parts[-1] == "__main__":
        return None
    try:
        return importlib.import_module(".".join(parts).removesuffix(".__init__"))
    except ImportError:
        return None


def chars(item: tuple[Any, Any]) -> frozenset[str]:
    """The characters that one item can begin with, of ALPHABET."""
    kind, value = item
    if kind in (op.MAX_REPEAT, op.MIN_REPEAT):
        return firsts(value[2])
    if kind is op.SUBPATTERN:
        return firsts(value[3])
    if kind is op.BRANCH:
        return frozenset().union(*(firsts(arm) for arm in value[1]))
    if kind in (op.LITERAL, op.NOT_LITERAL, op.ANY, op.IN):
        tree = parser.SubPattern(parser.State(), [item])
        one = re.compile(_written(tree), re.S)
        return frozenset(char for char in ALPHABET if one.fullmatch(char))
    return frozenset()


def _written(tree: Any) -> str:
    """A single character's item as a pattern again."""
    kind, value = tree[0]
    if kind is op.LITERAL:
        return re.escape(chr(value))
    if kind is op.NOT_LITERAL:
        return f"[^{re.escape(chr(value))}]"
    if kind is op.ANY:
        return "[^\\n]"
    out = ""
    classes = {
        op.CATEGORY_SPACE: r"\s", op.CATEGORY_NOT_SPACE: r"\S", op.CATEGORY_DIGIT: r"\d",
        op.CATEGORY_NOT_DIGIT: r"\D", op.CATEGORY_WORD: r"\w", op.CATEGORY_NOT_WORD: r"\W",
    }  # fmt: skip
    for part, inner in value:
        if part is op.NEGATE:
            out += "^"
        elif part is op.LITERAL:
            out += re.escape(chr(inner))
        elif part is op.RANGE:
            out += f"{re.escape(chr(inner[0]))}-{re.escape(chr(inner[1]))}"
        else:
            out += classes[inner]
    return f"[{out}]"


def firsts(items: Items) -> frozenset[str]:
    """The characters that a sequence can begin with."""
    found: frozenset[str] = frozenset()
    for item in items:
        found |= chars(item)
        if not may_be_empty(item):
            break
    return found


def may_be_empty(item: tuple[Any, Any]) -> bool:
    kind, value = item
    if kind in (op.MAX_REPEAT, op.MIN_REPEAT):
        return value[0] == 0 or all(map(may_be_empty, value[2]))
    if kind is op.SUBPATTERN:
        return all(map(may_be_empty, value[3]))
    if kind is op.BRANCH:
        return any(all(map(may_be_empty, arm)) for arm in value[1])
    return kind in (op.AT, op.ASSERT, op.ASSERT_NOT)


def endless(item: tuple[Any, Any]) -> Any:
    """What a repetition without end repeats; None for anything else."""
    kind, value = item
    if kind is op.SUBPATTERN and len(value[3]) == 1:
        return endless(value[3][0])
    if kind in (op.MAX_REPEAT, op.MIN_REPEAT) and value[1] >= MANY:
        return value[2]
    return None


def can_fail(items: Items) -> bool:
    return not all(may_be_empty(item) and item[0] not in (op.AT, op.ASSERT, op.ASSERT_NOT) for item in items)


def slow_parts(items: Items, behind: Items = ()) -> Iterator[str]:
    """In words, each part of a pattern that may be tried in too many ways; `behind` is what follows it."""
    items = list(items)
    for at, item in enumerate(items):
        kind, value = item
        after = [*items[at + 1 :], *behind]
        repeated = endless(item)
        if repeated is not None and len(repeated) == 1 and endless(repeated[0]):
            yield "a repetition of a repetition"
        if repeated is not None:
            for number, follower in enumerate(after):
                same = endless(follower) and chars(item) & chars(follower)
                if same and can_fail(after[number + 1 :]):
                    yield f"two repetitions of {sorted(same)[:4]}"
                if not may_be_empty(follower) or follower[0] in (op.AT, op.ASSERT, op.ASSERT_NOT):
                    break
        if kind is op.SUBPATTERN:
            yield from slow_parts(value[3], after)
        elif kind is op.BRANCH:
            for arm in value[1]:
                yield from slow_parts(arm, after)
        elif kind in (op.MAX_REPEAT, op.MIN_REPEAT):
            yield from slow_parts(value[2], [*([item] if value[1] >= MANY else []), *after])


@pytest.mark.parametrize(
    "pattern",
    [
        r"^([^:#]*?)\s*:", r"(a+)+b", r"\[[^\]]*?([\w-]*)$", r"\s*[a-z ]*x", r"(?:\w*)*=",
        r"matrix\.([\w.-]+)[^}]*\}\}",
    ],
)  # fmt: skip
def test_slow_ones_are_seen(pattern: str) -> None:
    assert list(slow_parts(parser.parse(pattern)))


@pytest.mark.parametrize(
    "pattern", [r"\s*(.*)", r"(?:[^\\]|\\.)*'", r"a*b*", r"(?:-\w+ )*x", r"\d+(?:\.\d+)*$"]
)
def test_quick_ones_are_not(pattern: str) -> None:
    assert not list(slow_parts(parser.parse(pattern)))


def test_no_pattern_is_slow() -> None:
    found = list(patterns())
    slow = {
        (name, pattern, part)
        for name, pattern, flags in found
        if name not in SHORT
        for part in slow_parts(parser.parse(pattern, flags))
    }
    assert len(found) > 200
    assert slow == set()
