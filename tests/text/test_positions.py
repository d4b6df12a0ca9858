"""Lines and columns, counted by hand: characters from 1, as an editor shows them."""

from __future__ import annotations

import pytest

from gpuspec.text import Span, parse, read_bytes


def at(text: str, pointer: str, *, key: bool = False) -> tuple[int, int]:
    tree = parse(text)
    return tree.position(tree.span(pointer, key=key).start)


@pytest.mark.parametrize(
    ("text", "pointer", "where"),
    [
        ('{"a": 1}', "/a", (1, 7)),
        ('{\n\t"a":\t1}', "/a", (2, 7)),  # a tab is one character
        ('{"日本": "語", "b": 2}', "/b", (1, 18)),
        ('{"😀😀": 1, "b": 2}', "/b", (1, 16)),  # beyond the BMP: still one character each
        ('{\r\n  "a": 1,\r\n  "b": 2\r\n}', "/b", (3, 8)),
        ('{\r"a": 1,\r"b": 2}', "/b", (3, 6)),  # a lone CR ends a line, too
        ('{"a": [[1], [2, {"x": 3}]]}', "/a/1/1/x", (1, 23)),
        ('{"a/b": {"c~d": 1}}', "/a~1b/c~0d", (1, 17)),
        ("// one\n/* two\nthree */ {'a': 1}", "/a", (3, 16)),
    ],
)
def test_value(text: str, pointer: str, where: tuple[int, int]) -> None:
    assert at(text, pointer) == where


def test_key_and_its_end() -> None:
    tree = parse('{\n  "gpu_types" : []}')
    assert tree.keys["/gpu_types"] == Span(4, 15)
    assert tree.text[4:15] == '"gpu_types"'
    assert tree.position(15) == (2, 14)


def test_byte_order_mark_is_no_column() -> None:
    tree = read_bytes(b'\xef\xbb\xbf{"a": 1,\n "b": 2}')
    assert not tree.problems
    assert tree.value == {"a": 1, "b": 2}
    assert tree.position(tree.values["/a"].start) == (1, 7)
    assert tree.line_text(1) == '{"a": 1,'
    assert tree.position(tree.values["/b"].start) == (2, 7)


def test_line_text() -> None:
    tree = parse("{\r\n// x\r}\n")
    assert [tree.line_text(line) for line in (1, 2, 3, 4)] == ["{", "// x", "}", ""]


def test_absent_pointer_falls_back_to_its_parent() -> None:
    tree = parse('{"a": {"b": 1}}')
    assert tree.span("/a/c/d") == tree.keys["/a"]
    assert tree.span("/x") == tree.values[""]
    assert tree.span("x") == tree.values[""]  # of a rule that forgot the slash


def test_comments() -> None:
    tree = parse('// a\n{ /* b\n */ "x": 1 // c\r\n}//')
    assert [(c.text, c.block, tree.position(c.span.start)) for c in tree.comments] == [
        (" a", False, (1, 1)),
        (" b\n ", True, (2, 3)),
        (" c", False, (3, 12)),
        ("", False, (4, 2)),
    ]
    assert tree.text[tree.comments[2].span.start : tree.comments[2].span.end] == "// c"


def test_trailing_commas() -> None:
    tree = parse('{"a": [1, 2, ], "b": {"c": 1 /* x */ , // y\n},\n}')
    assert not tree.problems
    assert [tree.position(offset) for offset in tree.trailing_commas] == [(1, 12), (1, 38), (2, 2)]


def test_the_last_of_two_equal_keys_counts() -> None:
    tree = parse('{"a": {"x": 1}, "b": 0, "a": {"y": 2}}')
    assert tree.value == {"a": {"y": 2}, "b": 0}
    (duplicate,) = tree.duplicates
    assert duplicate.pointer == "/a"
    assert (tree.position(duplicate.first.start), tree.position(duplicate.again.start)) == ((1, 2), (1, 25))
    assert set(tree.values) == {"", "/a", "/a/y", "/b"}  # nothing left of the first
