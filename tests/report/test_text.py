"""Carets under what they mean, on a terminal's grid."""

from __future__ import annotations

import re

import pytest
from test_published_schemas import everything

from gpuspec import Finding, Related, Saving
from gpuspec.lint.result import Located, Prices, Report, place
from gpuspec.report.text import Style, block, render
from gpuspec.report.width import clip, shown, width
from gpuspec.text import Span, read_bytes


def one(text: str, at: str, *, columns: int | None = None) -> list[str]:
    """The lines of a finding about the first `at` in a text."""
    tree = read_bytes(text.encode())
    start = tree.text.index(at)
    finding = Finding("GS1", "rule", "message", "", "warning", span=Span(start, start + len(at)))
    located = Located("f", finding, place(tree, Span(start, start + len(at))))
    return block(located, Style(columns=columns)).splitlines()


@pytest.mark.parametrize(
    ("text", "at", "line", "caret", "position"),
    [
        ('{"a": 1}', "1", '1 | {"a": 1}', "  |       ^", "1:7"),
        # a tab is 4 columns wide when printed, 1 character when counted
        ('{\n\t"a": 1}', "1", '2 |     "a": 1}', "  |          ^", "2:7"),
        # 漢字 is 2 characters, 4 columns
        ('{"漢字": 1}', "1", '1 | {"漢字": 1}', "  |          ^", "1:8"),
        # an astral emoji is 1 character, 2 columns
        ('{"🙂": "🙂🙂"}', '"🙂🙂"', '1 | {"🙂": "🙂🙂"}', "  |        ^^^^^^", "1:7"),
        # e + combining acute: 2 characters, 1 column
        ('{"e\u0301": 1}', "1", '1 | {"e\u0301": 1}', "  |       ^", "1:8"),
        ('{\r\n  "a": 1\r\n}', "1", '2 |   "a": 1', "  |        ^", "2:8"),
        ('\ufeff{"a": 1}', "1", '1 | {"a": 1}', "  |       ^", "1:7"),
    ],
)
def test_carets(text: str, at: str, line: str, caret: str, position: str) -> None:
    lines = one(text, at)
    assert lines[1] == f" --> f:{position}"
    assert lines[3:5] == [line, caret]


def test_a_span_over_lines_is_marked_to_the_end_of_the_first() -> None:
    assert one('{"a": [\n1]}', "[\n1]")[3:5] == ['1 | {"a": [', "  |       ^"]


def test_a_span_at_the_end_of_the_text_still_has_a_caret() -> None:
    tree = read_bytes(b'{"a": 1')
    finding = Finding("GS1", "rule", "message", "", "error", span=Span(7, 7))
    lines = block(Located("f", finding, place(tree, Span(7, 7))), Style()).splitlines()
    assert lines[3:5] == ['1 | {"a": 1', "  |        ^"]


def test_long_lines_are_cut_around_the_caret() -> None:
    text = '{"a": "' + "x" * 300 + '", "b": 1}'
    lines = one(text, "1", columns=60)
    assert all(width(line) <= 60 for line in lines)
    assert lines[3].startswith("1 | …xxx")
    column = lines[4].index("^")
    assert lines[3][column] == "1"


@pytest.mark.parametrize("columns", [20, 33, 60])
@pytest.mark.parametrize("start", [0, 5, 40, 99])
def test_clip_never_exceeds_its_room(columns: int, start: int) -> None:
    line, before, under = clip("漢a" * 50, start, min(100, start + 7), columns)
    assert width(line) <= columns
    assert before + under <= columns
    assert under >= 1


def test_control_characters_are_not_printed() -> None:
    assert shown("a\x1b[31mb\x07\t.") == "a\\x1b[31mb\\x07    ."


def test_the_whole_block() -> None:
    tree = read_bytes(b'{\n  "run": "x",\n  "gpu_types": ["H100"]\n}\n')
    finding = Finding(
        "GS101", "over-provisioned-gpu", "too big", "/gpu_types/0", "warning",
        related=(Related("/run", "needs 5 GB"),), saving=Saving(0.34, 730), suggestion="use RTX 4090",
    )  # fmt: skip
    related = ((place(tree, tree.span("/run")), "needs 5 GB"),)
    located = Located("job.jsonc", finding, place(tree, tree.span("/gpu_types/0")), related)
    report = Report(("job.jsonc",), (located,), prices=Prices("seed-2025", None))
    # 0.34 × 730 = 248.20
    assert render(report) == (
        "warning[GS101] over-provisioned-gpu: too big\n"
        " --> job.jsonc:3:17\n"
        "  |\n"
        '2 |   "run": "x",\n'
        "  |          --- needs 5 GB\n"
        '3 |   "gpu_types": ["H100"]\n'
        "  |                 ^^^^^^\n"
        "  |\n"
        "  = saves: $0.34/hour, $248/month\n"
        "  = help: use RTX 4090\n"
        "\n"
        "1 warning in 1 file · up to $248/month to save · prices: seed-2025, undated\n"
    )


def test_colour_only_when_asked() -> None:
    tree = read_bytes(b"{}")
    located = Located("f", Finding("GS1", "r", "m", "", "error"), place(tree, Span(0, 2)))
    report = Report(("f",), (located,))
    assert "\x1b[1;31m" in render(report, Style(colour=True))
    assert "\x1b" not in render(report, Style())


def test_words_are_wrapped_to_the_terminal() -> None:
    finding = Finding("GS1", "rule", "word " * 40, "", "info", suggestion="advice " * 30)
    tree = read_bytes(b"{}")
    lines = block(Located("f", finding, place(tree, Span(0, 1))), Style(columns=60)).splitlines()
    assert all(width(line) <= 60 for line in lines)
    assert " ".join(" ".join(lines).split()).count("word") == 40


def words(text: str) -> list[str]:
    """What a block says, in any layout: without source lines, bars and carets."""
    lines = [line for line in text.splitlines() if not re.match(r" *\d+ \|", line)]
    return " ".join(re.sub(r"^ *\| *(?:\^+|-+(?= |$))?", "", line) for line in lines).split()


@pytest.mark.parametrize("columns", [40, 60, 80, 100])
def test_no_word_is_lost_and_no_line_too_long(columns: int) -> None:
    """Over every finding of the golden files: margins, labels and related spans of all kinds."""
    for found in everything().findings:
        plain, narrow = block(found, Style()), block(found, Style(columns=columns))
        assert words(narrow) == words(plain), narrow
        for line in narrow.splitlines():
            longest = max(map(width, line.split()), default=0)
            assert width(line) <= columns or longest + 11 > columns, line


@pytest.mark.parametrize("columns", [40, 72, 200])
def test_a_note_is_the_same_words_at_any_width(columns: int) -> None:
    finding = Finding("GS1", "rule", "m", "", "info", suggestion='"keep_alive_minutes": 3 suits batch work')
    tree = read_bytes(b"{}")
    text = block(Located("f", finding, place(tree, Span(0, 1))), Style(columns=columns))
    assert 'help: "keep_alive_minutes": 3 suits' in text


def test_the_last_line_folds_at_its_dots() -> None:
    line = "\x1b[1;31m3 errors\x1b[0m in 1 file · up to $1,131/month to save · prices: 11 clouds"
    assert Style(columns=40).fold(line).splitlines() == [
        "\x1b[1;31m3 errors\x1b[0m in 1 file",
        "up to $1,131/month to save",
        "prices: 11 clouds",
    ]
    assert Style().fold(line) == line


def test_a_minified_file_is_cut_without_a_terminal_too() -> None:
    assert max(map(width, one('{"a": "' + "x" * 5000 + '", "b": 1}', "1"))) <= 240


def test_the_code_links_to_its_page_on_a_terminal_only() -> None:
    tree = read_bytes(b"{}")
    finding = Finding("GS101", "over-provisioned-gpu", "message", "", "warning")
    found = Located("f", finding, place(tree, Span(0, 1)), doc="https://example.org/GS101.md")
    head = block(found, Style(colour=True)).splitlines()[0]
    assert head.startswith(
        "\x1b]8;;https://example.org/GS101.md\x1b\\\x1b[1;33mwarning[GS101]\x1b[0m\x1b]8;;\x1b\\ "
    )
    assert "\x1b]8" not in block(found, Style())
