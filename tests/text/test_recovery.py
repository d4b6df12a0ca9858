"""One mistake, one problem, at its place; and the rest of the file is read as if it had not been made."""

from __future__ import annotations

import pytest

from gpuspec.text import parse

SPEC = """{
  // what to run
  "name": "demo", /* a name */
  "gpu_types": [
    { "type": "RTX 4090" },
    { "type": "L4", "count": 2 }
  ],
  "min_vram": 24,
  "env": { "A": "1", "B": "two" },
  "ports": [8000, 8080],
  "outputs": ["out/", "logs/"],
  "nested": { "deep": { "deeper": [1, 2, 3] } },
  "encryption": false,
  "run": "python main.py"
}"""


def told(text: str) -> list[tuple[int, int, str]]:
    tree = parse(text)
    return [(*tree.position(problem.span.start), problem.message) for problem in tree.problems]


@pytest.mark.parametrize(
    ("text", "line", "column", "message", "value"),
    [
        ('{"a": 1 "b": 2}', 1, 8, "a `,` is missing after this value", {"a": 1, "b": 2}),
        ('{"a": 1\n "b": 2}', 1, 8, "a `,` is missing after this value", {"a": 1, "b": 2}),
        ('{"a": 1;\n "b": 2}', 1, 8, "`;` where a `,` belongs", {"a": 1, "b": 2}),
        ('{"a" 1, "b": 2}', 1, 5, "a `:` is missing after the key `a`", {"a": 1, "b": 2}),
        ('{"a" = 1}', 1, 6, "`=` where a `:` belongs", {"a": 1}),
        ('{"a": , "b": 2}', 1, 2, "the key `a` has no value", {"b": 2}),
        ('{"a"}', 1, 2, "the key `a` has no value", {}),
        ("[1,,2]", 1, 4, "`,` where a value belongs", [1, 2]),
        ("{,}", 1, 2, "`,` where a key belongs", {}),
        ('{"a": foo, "b": 2}', 1, 7, "`foo` is no value: a string needs double quotes", {"b": 2}),
        ('{"a": True, "b": 2}', 1, 7, "`True` is no value", {"b": 2}),
        ('{"a": 24GB, "b": 2}', 1, 7, "`24GB` is no number", {"b": 2}),
        ('{"a": 01}', 1, 7, "`01` is no number", {}),
        ('{"a": “x”, "b": 2}', 1, 7, "`“x”` has quotes JSON does not know", {"b": 2}),
        ('{"a": "x, \n "b": 2}', 1, 7, 'this string has no closing "', {"b": 2}),
        ('{"a: "x",\n "b": 2}', 1, 2, 'the key `a` has no closing "', {"a": "x", "b": 2}),
        ('{a": "x",\n "b": 2}', 1, 2, 'the key `a` has no opening "', {"a": "x", "b": 2}),
        ('{gpu-types: 1, "b": 2}', 1, 2, "the key `gpu-types` needs double quotes", {"gpu-types": 1, "b": 2}),
        ('{"a": [1, 2}, "b": 3}', 1, 12, "`}` closes the `[` of line 1, column 7", {"a": [1, 2], "b": 3}),
        ('{"a": {"b": 1], "c": 3}', 1, 14, "`]` closes the `{` of line 1, column 7", {"a": {"b": 1}, "c": 3}),
        ('{"a": "\\u12"}', 1, 8, "`\\u` is no escape", {"a": "u12"}),
        ("# x\n{}", 1, 1, "`# x` where a value belongs", {}),
        ('{ # x\n "a": 1}', 1, 3, "`#` where a key belongs", {"a": 1}),
        ('{"a": 1 /* x', 1, 9, "this comment has no end", {"a": 1}),
        (
            '{"a": {"b": 1',
            1,
            14,
            "the file ends here, but the `{` of line 1, column 7 is still open",
            {"a": {"b": 1}},
        ),
        ('{"a": 1} {"b": 2}', 1, 10, "text after the end of the document", {"a": 1}),
        ('"e"  \x1f', 1, 6, "text after the end of the document", "e"),
        ("", 1, 1, "the file is empty", None),
        ("// x", 1, 5, "the file is only comments", None),
    ],
)
def test_one_mistake(text: str, line: int, column: int, message: str, value: object) -> None:
    assert told(text) == [(line, column, message)]
    assert parse(text).value == value


def test_several_mistakes_in_one_run() -> None:
    text = '{"a": 1,\n "b": tru,\n "c" 3,\n "d": [1,,2],\n "e": None, "f": nul,\n "g": "x\n}'
    assert [(line, column) for line, column, _ in told(text)] == [
        (2, 7),
        (3, 5),
        (4, 10),
        (5, 7),
        (5, 18),
        (6, 7),
    ]
    assert parse(text).value == {"a": 1, "c": 3, "d": [1, 2]}


def test_a_truncated_file_has_one_problem_wherever_it_is_cut() -> None:
    assert not parse(SPEC).problems
    for end in range(1, len(SPEC)):
        assert len(told(SPEC[:end])) == 1, SPEC[:end]


def test_any_sign_left_out_is_one_problem() -> None:
    """The brackets of a list written on one line are the exception: what follows reads as keys without values."""
    code = [
        at
        for at, sign in enumerate(SPEC)
        if sign in '{}[],:"' and "//" not in SPEC[SPEC.rfind("\n", 0, at) : at]
    ]
    more = [SPEC[at] for at in code if len(told(SPEC[:at] + SPEC[at + 1 :])) != 1]
    assert len(code) > 90
    assert set(more) <= {"[", "]"}
    assert len(more) <= 4


def test_two_equal_wounds_far_apart_are_two_problems() -> None:
    text = SPEC.replace('"name": "demo",', '"name": "demo"').replace('"min_vram": 24,', '"min_vram": 24')
    assert [line for line, _, _ in told(text)] == [3, 8]
