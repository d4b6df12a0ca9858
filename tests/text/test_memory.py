"""Texts of one sign, over and over: what reading them takes of memory is some dozen bytes a sign, not a hundred."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable

import pytest

from gpuspec.lint import secrets
from gpuspec.text import parse

MANY = 200_000
TEXTS = {
    "digits": '{"a":' + "9" * MANY + "}",
    "backslashes": '{"a":"' + "\\" * MANY,
    "colons": "{" + ":" * MANY,
    "comments that open": "/*" * (MANY // 2),
    "escapes": '{"a":"' + "\\n" * (MANY // 2) + '"}',
    "escapes that are none": '{"a":"' + "\\q" * (MANY // 2) + '"}',
    "an unquoted key": "{" + "\\u0041" * (MANY // 6) + ":1}",
    "strings where a key belongs": '{[{"' + "x" * MANY + '"}]}',
}


def most_memory(work: Callable[[], object]) -> int:
    tracemalloc.start()
    try:
        work()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("name", TEXTS)
def test_of_a_spec(name: str) -> None:
    parse('{"a":"\\n", b: 1, [] : // x')  # what is compiled at first use
    text = TEXTS[name]
    assert most_memory(lambda: parse(text)) < 20 * len(text)


@pytest.mark.parametrize("escape", ["\\n", "\\\\", "\\q", "\\u0041"])
def test_of_looking_for_secrets_among_escapes(escape: str) -> None:
    text = '{"run":"' + escape * (MANY // len(escape)) + '"}'
    secrets.masked("hf_" + "\\n")
    assert most_memory(lambda: secrets.masked(text)) < 40 * len(text)


def test_escapes_in_a_row_do_not_move_what_is_masked() -> None:
    token = "hf_" + "aB3dE5gH7jK9mN1pQ3sT5vX7zA9cD1fG3h"
    for escapes in ("\\n", "\\n\\t", "\\n" * 999, "\\n" * 1001, "\\u0041\\n ", "\\\\\\\\n ", "x\\u002d\\n"):
        text = f'"{escapes} {token} {escapes}"'
        assert secrets.masked(text) == text.replace(token, "*" * len(token))
