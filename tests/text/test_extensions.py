"""JSON5 beyond JSONC: accepted, named, and with the plain spelling at hand."""

from __future__ import annotations

import json
import random

import pytest

from gpuspec.text import parse

from .test_against_json5 import like_json, text


@pytest.mark.parametrize(
    ("written", "kind", "plain"),
    [
        ("'it''s'".replace("''", "\\'"), "single-quotes", '"it\'s"'),
        ("'say \"x\"'", "single-quotes", '"say \\"x\\""'),
        ("0x1F", "hex", "31"),
        ("-0XfF", "hex", "-255"),
        ("NaN", "nan", None),
        ("-Infinity", "infinity", None),
        ("+1", "plus-sign", "1"),
        ("+.5", "plus-sign", "0.5"),
        ("-.5", "leading-point", "-0.5"),
        (".5e3", "leading-point", "0.5e3"),
        ("5.", "trailing-point", "5.0"),
        ("5.e3", "trailing-point", "5.0e3"),
        ('"a\\\nb"', "line-continuation", '"ab"'),
        ('"\\x41"', "escape", '"A"'),
        ('"\\v"', "escape", '"\\u000b"'),
        ('"\\q"', "escape", '"q"'),
        ('"a\tb"', "escape", '"a\\tb"'),
    ],
)
def test_value(written: str, kind: str, plain: str | None) -> None:
    tree = parse(f"[ {written} ]")
    assert not tree.problems
    (extension,) = tree.extensions
    assert (extension.kind, extension.plain) == (kind, plain)
    assert tree.text[extension.span.start : extension.span.end] == written
    if plain is not None:
        assert json.loads(plain) == tree.value[0]


def test_key_and_space() -> None:
    tree = parse("{\xa0gpu_count:\u20281}")
    assert [(e.kind, e.plain) for e in tree.extensions] == [
        ("whitespace", " "),
        ("unquoted-key", '"gpu_count"'),
        ("whitespace", "\n"),
    ]


def test_jsonc_is_no_extension() -> None:
    assert parse('// a\n{"a": [1.5e-3, -0, "\\u00e9\\/", true,], /* b */}').extensions == []


def test_plain_spellings_put_in_place_leave_jsonc_of_the_same_value() -> None:
    chance = random.Random(1)
    seen = 0
    for _ in range(400):
        tree = parse(text(chance))
        if tree.problems or not tree.extensions or any(e.plain is None for e in tree.extensions):
            continue
        plain = tree.text
        for extension in reversed(tree.extensions):
            plain = plain[: extension.span.start] + str(extension.plain) + plain[extension.span.end :]
        after = parse(plain)
        assert not after.problems, (tree.text, plain)
        assert [e.kind for e in after.extensions] == [], (tree.text, plain)
        assert json.dumps(after.value) == json.dumps(tree.value) or like_json(after.value) == like_json(
            tree.value
        )
        seen += 1
    assert seen > 40
