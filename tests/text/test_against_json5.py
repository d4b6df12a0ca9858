"""The scanner and the `json5` package agree on what is legal, on every value and on every place.

The suite runs a seeded slice; `python tests/text/test_against_json5.py 100000` runs as many as asked for.
"""
# ruff: noqa: E501 - one case a line

from __future__ import annotations

import math
import random
import sys
from typing import Any

import json5
import pytest

from gpuspec.text import Tree, parse, pointer

SPACES = ["", "", "", " ", "  ", "\n", "\r\n", "\t", "\r", "\v", "\f", "\xa0", "\ufeff", "\u2028", "\u3000"]
COMMENTS = ["// c\n", "/* c */", "/**/", "/***/", "// \u2028", "//\r", "/* \n */", "/*/*/", '// "x": 1,\n']
NUMBERS = (  # noqa: SIM905
    "0 1 -1 42 0.5 -0 -0.0 1e5 1E-5 1e+5 .5 5. -.5 +1 +.5 0x1F -0Xff 1.e5 0e5 Infinity -Infinity +Infinity NaN -NaN "
    "1e400 -1e400 123456789012345678901234567890 0.1e1 00 01 -01 0x 1e 1.5. .e5 . - + 1_000 0b1 1a --1 +-1 0.0.0 1e+"
).split()
STRINGS = [
    '""', "''", '"a"', "'b'", r'"\n\t\"\\\/\b\f\r"', r'"\u0041"', r"'\x41'", r"'\''", r'"\v"', r'"\0"', r'"\01"', r'"\1"',
    r'"\9"', '"a\\\nb"', "'a\\\r\nb'", '"\t"', '"\x00"', '"a\u2028b"', '"\\\u2028"', r'"\q"', r'"\ud83d\ude00"', r'"\ud800"',
    '"😀"', '"日本"', r'"\u12"', r'"\xg1"', '"a\nb"', "\"it's\"", "'say \"x\"'", '"//no"', '"/*no*/"', '"open', "'open", '"\\"',
]  # fmt: skip
KEYS = ['"a"', "'b'", "a", "b1", "$", "_x", "ünï", "null", "Infinity", r"\u0061b", r"a\u0062", "a\u200cb", '""', '"a/b"',
        '"~"', "1", "a-b", "ª", "𐐀", "if", "a b", r"\u00zz", "#", "NaN", '"a"', '"c"', '"d"', '"e"']  # fmt: skip
WORDS = [
    "true",
    "false",
    "null",
    "True",
    "nul",
    "undefined",
    "truefalse",
    "foo",
    "'",
    '"',
    "`x`",
    "#",
    "\\",
    "/",
    "@",
    "\x1f",
]
SIGNS = ["{", "}", "[", "]", ",", ":", ";", "=", "//", "/*", "*/"]


def gap(chance: random.Random) -> str:
    return chance.choice(SPACES) + (chance.choice(COMMENTS) if chance.random() < 0.06 else "")


def value(chance: random.Random, depth: int, sane: float) -> str:
    """A value that is legal with probability `sane` at each choice."""
    kind = chance.random()
    if chance.random() > sane:
        return chance.choice(NUMBERS + STRINGS + WORDS + SIGNS + [""])
    if kind < 0.3 or depth > 3:
        return chance.choice([*NUMBERS[:26], *STRINGS[:10], "true", "false", "null"])
    count = chance.randrange(4)
    comma = "," + gap(chance) if count and chance.random() < 0.3 else ""
    comma = chance.choice(["", ",,", ";", ","]) if chance.random() > sane else comma
    if kind < 0.65:
        inner = f"{gap(chance)},{gap(chance)}".join(value(chance, depth + 1, sane) for _ in range(count))
        return f"[{gap(chance)}{inner}{gap(chance)}{comma}]"
    members = []
    for _ in range(count):
        key = chance.choice(KEYS[:15] + KEYS[-4:]) if chance.random() < sane else chance.choice(KEYS)
        members.append(f"{key}{gap(chance)}:{gap(chance)}{value(chance, depth + 1, sane)}")
    return "{" + gap(chance) + f"{gap(chance)},{gap(chance)}".join(members) + gap(chance) + comma + "}"


def text(chance: random.Random) -> str:
    """Legal texts, nearly legal ones, legal ones with a wound, and token soup."""
    style = chance.random()
    if style < 0.15:
        soup = NUMBERS + STRINGS + KEYS + WORDS + SIGNS * 8 + SPACES + COMMENTS
        return "".join(chance.choice(soup) for _ in range(chance.randrange(1, 12)))
    written = gap(chance) + value(chance, 0, 1.0 if style < 0.5 else 0.96) + gap(chance)
    if style > 0.75 and written:
        at = chance.randrange(len(written))
        wound = chance.choice(["", chance.choice("{}[],:\"'\\/*\n0.eE+-x \x00u"), written[at] * 2])
        written = written[:at] + wound + written[at + 1 :]
    return written


def like_json(value: Any) -> Any:
    """Surrogate pairs joined, as JSON has it (the oracle leaves two halves); NaN as something equal to itself."""
    if isinstance(value, str):
        return value.encode("utf-16", "surrogatepass").decode("utf-16", "surrogatepass")
    if isinstance(value, dict):
        return {like_json(key): like_json(part) for key, part in value.items()}
    if isinstance(value, list):
        return [like_json(part) for part in value]
    if isinstance(value, float) and math.isnan(value):
        return "NaN!"
    return (type(value).__name__, value)


def places(value: Any, at: str = "") -> dict[str, Any]:
    """Every pointer of a value, with what stands there."""
    found = {at: value}
    parts = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, part in parts:
        found.update(places(part, at + pointer(key)))
    return found


def verify(written: str) -> bool:
    """Compare with the oracle; True if the text is legal."""
    try:
        expected = json5.loads(written)
    except ValueError:
        tree = parse(written)
        assert tree.problems, f"{written!r} is not JSON5, and no problem was found"
        assert all(0 <= p.span.start <= p.span.end <= len(written) for p in tree.problems), (
            written,
            tree.problems,
        )
        return False
    tree = parse(written)
    assert not tree.problems, f"{written!r} is JSON5: {tree.problems}"
    assert like_json(tree.value) == like_json(expected), f"{written!r}: {tree.value!r} {expected!r}"
    verify_places(tree)
    return True


def verify_places(tree: Tree) -> None:
    """Each span, read alone by the oracle, is the value (or key) its pointer names; none is missing or left over."""
    expected = places(tree.value)
    assert tree.values.keys() == expected.keys(), tree.text
    for at, span in tree.values.items():
        piece = tree.text[span.start : span.end]
        assert like_json(json5.loads(piece)) == like_json(expected[at]), (tree.text, at)
        assert piece == piece.strip(), (tree.text, at)
        assert piece[0] != "/" and piece[-1] not in "/,", (tree.text, at)  # noqa: PT018
    named = {at for at in expected if at and isinstance(expected[at.rpartition("/")[0]], dict)}
    assert tree.keys.keys() == named, tree.text
    for at, span in tree.keys.items():
        piece = tree.text[span.start : span.end]
        (key,) = json5.loads("{" + piece + ":0}")
        assert at.endswith(pointer(*like_json([key]))), (tree.text, at)


@pytest.mark.parametrize("seed", range(6))
def test_agrees_with_json5(seed: int) -> None:
    chance = random.Random(seed)
    legal = [verify(text(chance)) for _ in range(80)]
    assert 20 <= sum(legal) <= 70  # the generator makes both kinds


if __name__ == "__main__":
    chance = random.Random(int(sys.argv[2]) if len(sys.argv) > 2 else 0)
    legal = sum(verify(text(chance)) for _ in range(int(sys.argv[1])))
    print(f"{int(sys.argv[1]):,} texts, {legal:,} legal: no disagreement")
