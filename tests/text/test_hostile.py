"""Bytes that nobody should have called a job spec: one clear problem, no crash, no long wait."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pytest

from gpuspec.text import MAX_BYTES, Edit, EditError, parse, read_bytes, read_file
from gpuspec.text.rewrite import apply
from gpuspec.text.token import string_end
from tests.operations import lines_run


def told(data: bytes) -> tuple[str, int, int]:
    tree = read_bytes(data)
    (problem,) = tree.problems
    return (problem.message, *tree.position(problem.span.start))


@pytest.mark.parametrize("opener", ["[", '{"a":', '[{"a":'])
def test_nesting_100_000_deep(opener: str) -> None:
    closers = {"[": "]", '{"a":': "}", '[{"a":': "}]"}[opener]
    for text in (opener * 100_000, opener * 100_000 + closers * 100_000):
        (problem,) = parse(text).problems
        assert problem.message == "nested more than 200 deep"


def test_200_deep_is_read() -> None:
    tree = parse("[" * 200 + "]" * 200)
    assert not tree.problems
    assert "/0" * 199 in tree.values


def test_a_file_of_50_mb_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "big.jsonc"
    with path.open("wb") as file:
        file.write(b'{"a": [')
        file.seek(50 * 10**6)
        file.write(b"1]}")
    tree = read_file(str(path))
    assert [problem.message for problem in tree.problems] == [
        "the file is larger than 8 MiB, too large for a job spec"
    ]
    assert tree.text == ""


def test_an_endless_file_is_not_read() -> None:
    with pytest.raises(OSError, match="it is a device"):
        read_file("/dev/zero")


def test_just_within_the_limit() -> None:
    data = b'["' + b"x" * (MAX_BYTES - 4) + b'"]'
    assert len(data) == MAX_BYTES
    assert not read_bytes(data).problems
    assert read_bytes(data + b" ").problems


@pytest.mark.parametrize(
    ("data", "message", "line", "column"),
    [
        (b"\x7fELF\x02\x01\x00\x00", "this is a binary file, not a job spec", 1, 1),
        ('{"a": 1}'.encode("utf-16"), "the file is UTF-16, a job spec is UTF-8", 1, 1),
        ('{"a": 1}'.encode("utf-32"), "the file is UTF-32, a job spec is UTF-8", 1, 1),
        (b"\xfe\xff\x00{", "the file is UTF-16, a job spec is UTF-8", 1, 1),
        ('{\n "é": "ä"}'.encode("latin-1"), "byte 0xE9 is not UTF-8", 2, 3),
        ('{"日本": "'.encode() + b'\xff"}', "byte 0xFF is not UTF-8", 1, 9),
        (b"", "the file is empty", 1, 1),
        (b"\xef\xbb\xbf", "the file is empty", 1, 1),
    ],
)
def test_bytes(data: bytes, message: str, line: int, column: int) -> None:
    assert told(data) == (message, line, column)


def test_numbers_of_any_size() -> None:
    tree = parse("[123456789012345678901234567890, 1e999, -1e999, 1e-999, 0.1, -0, 1E400]")
    assert not tree.problems
    assert tree.value == [123456789012345678901234567890, math.inf, -math.inf, 0.0, 0.1, 0, math.inf]
    (problem,) = parse("[" + "1" * 5000 + "]").problems
    assert problem.message.endswith("is no number")


def test_strings_of_any_kind() -> None:
    tree = parse(r'["\ud83d\ude00", "\ud800", "\u0000", "😀", "\ude00\ud83d"]')
    assert not tree.problems
    assert tree.value == ["😀", "\ud800", "\0", "😀", "\ude00\ud83d"]


@pytest.mark.parametrize(
    "text",
    ['{"' * 50_000, '"' * 100_001, "[" + "," * 100_000, "{" + ":" * 100_000, '{"a":1' * 50_000, "/*" + "*" * 100_000,
     '"' + "\\" * 100_001, "}" * 100_000, "@\n" * 100_000, "{" + "\\u0061" * 50_000],
    ids=lambda text: text[:8],
)  # fmt: skip
def test_long_rubbish_ends_in_a_bounded_number_of_problems(text: str) -> None:
    assert 1 <= len(parse(text).problems) <= 100


def test_a_key_of_more_digits_than_python_reads_leads_nowhere() -> None:
    tree = parse('{"downloads": [{"source": "x"}]}')
    assert tree.at("/downloads/0/source") == "x"
    assert tree.at(f"/downloads/{'9' * 5000}/source") is None


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "[" + "1," * 300_001 + "1]",
            "more values than a job spec has (300,000): nothing is read from here on",
        ),
        ("[" + "{}," * 110_000 + "1]", "more values than a job spec has"),
        ('{"' + "k" * 1_000_000 + '": [' + "1," * 1_000 + "1]}", "more values than a job spec has"),
        ("/**/" * 150_001 + "{}", "more than 150,000 comments: nothing is read from here on"),
        ("// gpuspec: ignore[GS101]\n" * 20_001 + "{}", "more than 20,000 comments for gpuspec"),
        ("[" + "+1," * 20_001 + "]", "more than 20,000 uses of JSON5: nothing is read from here on"),
        ('{"a": 1,' + '"a": 1,' * 20_001 + "}", "more than 20,000 keys that stand twice"),
        ("[" + "[1,]," * 20_001 + "1]", "more than 20,000 commas before a closing bracket"),
    ],
)
def test_reading_ends_where_there_is_too_much_of_something_and_says_so(text: str, message: str) -> None:
    (problem,) = parse(text).problems
    assert problem.message.startswith(message)


def test_100_000_of_what_people_do_have_are_read() -> None:
    many = 100_000
    for text in (
        "[" + '"item.wav",' * many + "1]",
        "//\n" * many + "{}",
        '{"items": ["' + "a" * many + '"]}',
    ):
        assert not parse(text).problems


def test_places_inside_a_value_that_another_one_replaces_are_forgotten() -> None:
    tree = parse('{"a": {"b/c": [1, {"d": 2}], "e": 3}, "a": {"e": 4}, "aa": 5}')
    assert tree.value == {"a": {"e": 4}, "aa": 5}
    assert set(tree.values) == {"", "/a", "/a/e", "/aa"}
    assert set(tree.keys) == {"/a", "/a/e", "/aa"}


def test_lines_of_a_large_text_are_counted_as_those_of_a_small_one() -> None:
    small, large = parse("{}\n\r\n\r" + "x"), parse("{}\n\r\n\r" + " " * 1_000_000)
    assert list(small.line_starts()) == list(large.line_starts()) == [0, 3, 5, 6]


@pytest.mark.parametrize(
    ("written", "read"),
    [
        (r"a\n", "a\n"),
        (r"\\\"", '\\"'),
        (r"\q", "q"),
        (r"a\\q", r"a\q"),
        (r"\u0061", "a"),
        (r"\ud83d\ude00", "\U0001f600"),
    ],
)
def test_escapes_are_read_many_at_a_time(written: str, read: str) -> None:
    """Each was a call of its own: 8 MiB of them took 2.5 s."""
    text = f'{{"run": "{written * 20_001}"}}'
    parse(f'{{"run": "{written}"}}')  # what is compiled at first use
    assert lines_run(lambda: parse(text)) < 2_000
    assert parse(text).at("/run") == read * 20_001


@pytest.mark.parametrize(
    ("written", "read"),
    [
        (r"a\\", "a\\"),
        (r"\\\"", '\\"'),
        (r"\"", '"'),
        (r"say \"x\" and", 'say "x" and'),
        ("a\\\nb", "ab"),
        ("a\\\r\nb", "ab"),
        ("it's", "it's"),
    ],
)
def test_a_string_ends_at_the_first_quote_that_is_not_escaped(written: str, read: str) -> None:
    assert string_end(f'["{written}", "b"]', 1) == (len(written) + 3, True)
    assert parse(f'["{written}", "b"]').value == [read, "b"]


@pytest.mark.parametrize("written", ["a", 'a\\"', "a\\\\b", "a'b"])
@pytest.mark.parametrize("end", ["\n", "\r", "\r\n", ""])
def test_a_string_that_is_not_closed_ends_with_its_line(written: str, end: str) -> None:
    assert string_end(f'["{written}{end}', 1) == (len(written) + 2, False)


def test_edits_that_need_the_text_read_again_each_time_are_bounded() -> None:
    text = '{"a": 0, "b": "' + "x" * 100_000 + '"}'
    few = [Edit("set", "/a", number) for number in range(1, 20)]
    assert json.loads(apply(parse(text), few))["a"] == 19
    with pytest.raises(EditError, match="too many"):
        apply(parse(text), [Edit("set", "/a", number) for number in range(1, 1_000)])
