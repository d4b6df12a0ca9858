"""Bytes that nobody should have called a job spec: one clear problem, no crash, no long wait."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from gpuspec.text import MAX_BYTES, parse, read_bytes, read_file


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
