"""docs/seed-coverage.md, executed: each row's rule fires on its bad spec, each row's command says what it says."""

from __future__ import annotations

import re
import shlex
from functools import cache
from pathlib import Path

import pytest
from click.testing import CliRunner

from gpuspec.cli.main import cli
from gpuspec.lint.files import lint_data
from gpuspec.lint.runner import Linter
from gpuspec.lint.settings import Settings
from gpuspec.planning.case import JobSettings
from gpuspec.rules import collect
from gpuspec.testing import prices_in

HERE = Path(__file__).parent
PAGE = HERE.parent.parent / "docs" / "seed-coverage.md"
REGISTRY = collect()
ASKED = (
    {1, 5, *range(26, 33), 35, *range(37, 41), *range(44, 55), *range(56, 70), *range(74, 81), 82, 83, 84}
    | {*range(87, 113), 113, 116}
)  # fmt: skip
"""The numbers, in a list of 116 pieces of advice, of those that version 0.1 did not serve, or in part only."""


def tables() -> dict[str, list[list[str]]]:
    """The rows of each table by the name of its third column."""
    found: dict[str, list[list[str]]] = {}
    rows: list[list[str]] = []
    for line in PAGE.read_text(encoding="utf-8").splitlines():
        if not line.startswith("|"):
            continue
        cells = [cell.strip() for cell in line.split("|")[1:-1]]
        if cells[0] in ("where", "advice"):
            rows = []
            if cells[-1] == "no.":
                rows = found.setdefault(cells[-4] if len(cells) > 3 else cells[0], rows)
        elif not cells[0].startswith("---"):
            rows.append(cells)
    return found


TABLES = tables()
RULES = next(rows for name, rows in TABLES.items() if name == "rule")
COMMANDS = next(rows for name, rows in TABLES.items() if name == "command")


def needs(note: str) -> set[str]:
    """The options that a note says the rule needs."""
    return (
        set(re.findall(r"--(?:preview|pedantic)", note.partition(".")[0]))
        if note.startswith("With `--")
        else set()
    )


@pytest.mark.parametrize("row", RULES, ids=lambda row: f"{row[0]}: {row[1]}")
def test_the_rule_fires_on_the_bad_spec(row: list[str]) -> None:
    _, _, rule, name, note, _ = row
    path = HERE / name.strip("`")
    data = path.read_bytes()
    more = needs(note)
    settings = Settings(
        job=JobSettings(prices=prices_in(data)), preview="--preview" in more, pedantic="--pedantic" in more
    )
    found = lint_data(Linter(REGISTRY, debug=True), str(path), data, settings)
    assert rule in {f"{one.finding.code} {one.finding.name}" for one in found}
    assert "GS003" not in {one.finding.code for one in found}, "the spec itself is valid"


@cache
def said(command: str) -> str:
    """What a command prints, its lines joined."""
    program, *words = shlex.split(command)
    assert program == "gpuspec"
    ran = CliRunner().invoke(cli, words, standalone_mode=False)
    assert ran.exception is None, ran.exception
    return " ".join(ran.output.split())


@pytest.mark.parametrize("row", COMMANDS, ids=lambda row: f"{row[0]}: {row[1]}")
def test_the_command_says_so(row: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(HERE)
    monkeypatch.setenv("COLUMNS", "100")
    output = said(row[2].strip("`"))
    missing = [phrase for phrase in re.findall(r"`(.+?)`(?:, |$)", row[3]) if phrase not in output]
    assert not missing, output


def test_every_article_is_there_and_every_spec_is_used() -> None:
    assert {row[0][:2] for row in RULES} == {"S0", "S1", "S2", "S3", "S4"}
    named = {row[3].strip("`") for row in RULES} | {
        word for row in COMMANDS for word in row[2].strip("`").split()
    }
    assert not {
        path.name for path in HERE.iterdir() if path.is_file() or path.name in ("budget", "stacked")
    } - (named | {Path(__file__).name})


def test_no_piece_of_advice_is_left_without_an_answer_or_a_reason() -> None:
    numbers = [
        number for rows in TABLES.values() for row in rows for number in row[-1].replace(",", " ").split()
    ]
    assert {int(number) for number in numbers} == ASKED


SUMS = re.findall(
    r"^\|[^|]*\|[^|]*\| `([^`]+)` = ([\d,.]+) \|", PAGE.read_text(encoding="utf-8"), re.MULTILINE
)


@pytest.mark.parametrize(("written", "result"), SUMS)
def test_the_sums_by_hand_are_right(written: str, result: str) -> None:
    assert re.fullmatch(r"[\d.()*/+ -]+", written)
    digits = len(result.partition(".")[2])
    assert round(eval(written), digits) == float(result.replace(",", ""))


def test_all_sums_are_read() -> None:
    assert len(SUMS) == 13
