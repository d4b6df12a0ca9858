"""Words that somebody types who knows other tools, or another command of this one: each answer leads on."""

from __future__ import annotations

from pathlib import Path

import click
import pytest

from gpuspec.cli.main import COMMANDS, cli, main
from gpuspec.cli.meant import ELSEWHERE


@pytest.mark.parametrize(
    ("typed", "hint"),
    [
        ("breakdown", "did you mean `gpuspec bill`?"),
        ("compare main", "did you mean `gpuspec diff`?"),
        ("Prometheus", "did you mean `gpuspec metrics`?"),
        ("report", "did you mean `gpuspec cost --report`?"),
        ("bil", "did you mean `gpuspec bill`?"),
        ("plan . --format json", "`--json` prints it as JSON"),
        ("plan . --output plan.txt", "`> FILE` keeps that"),
        ("cost --report -o plan.txt", "`> FILE` keeps that"),
        ("lint --json", "`--format json` prints it as JSON"),
        ("bill --path jobs", "`gpuspec bill PATH`"),
        ("plan --file job.jsonc", "`gpuspec plan SPEC`"),
        ("diff", "`gpuspec diff main`"),
        ("ps --prometheus", "`gpuspec metrics`"),
        ("plan --jsno", "'--json'?"),
    ],
)
def test_a_wrong_word_leads_to_the_right_one(
    typed: str, hint: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(typed.split()) == 2
    assert hint in capsys.readouterr().err


@pytest.mark.parametrize("typed", ["metrics --format json", "run --output x", "rules --colour"])
def test_no_hint_where_none_is_true(typed: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(typed.split()) == 2
    assert "→" not in capsys.readouterr().err


def test_words_from_elsewhere_lead_to_commands() -> None:
    assert {each.split()[0] for each in ELSEWHERE.values()} <= COMMANDS.keys()
    assert not ELSEWHERE.keys() & COMMANDS.keys()


def test_every_output_has_its_short_form() -> None:
    context = click.Context(cli)
    for name in COMMANDS:
        command = cli.get_command(context, name)
        assert command is not None
        for parameter in command.params:
            if "--output" in parameter.opts:
                assert "-o" in parameter.opts, f"{name} has --output without -o"


@pytest.mark.parametrize("command", [["bill"], ["diff", "main"]])
def test_json_and_another_format_are_not_both_had(
    command: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*command, "--json", "--format", "markdown"]) == 2
    assert "--json is --format json, and --format markdown something else" in capsys.readouterr().err


def test_a_file_is_no_run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    job = tmp_path / "train.gpu.jsonc"
    job.write_text("{}")
    assert main(["cost", str(job)]) == 2
    told = capsys.readouterr().err
    assert "is a file, and no run" in told
    assert f"`gpuspec bill {job}` for a month" in told


def test_what_report_groups_by_is_said_of_report(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["cost", "--by", "model"]) == 2
    assert "--by is of --report" in capsys.readouterr().err


def test_usage_before_the_job(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    usage = tmp_path / "usage.csv"
    usage.write_text("timestamp, name\n")
    assert main(["import-usage", str(usage), "train.gpu.jsonc"]) == 2
    assert "the job stands first: `gpuspec import-usage JOB FILE`" in capsys.readouterr().err
