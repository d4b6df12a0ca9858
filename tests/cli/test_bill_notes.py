"""What `gpuspec bill` says of words that mean no job, and of budgets of which it has a part."""

from __future__ import annotations

from pathlib import Path

import pytest

from gpuspec.cli.main import main

JOB = """{{
  "name": "{name}", "task": "serve", "gpu_types": ["RTX A5000"], "labels": {{"team": "{team}"}}, "run": "x" }}
"""


@pytest.fixture
def company(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for team in ("search", "research"):
        (tmp_path / team).mkdir()
        (tmp_path / team / "job.jsonc").write_text(JOB.format(name=team, team=team))
    (tmp_path / "gpuspec.toml").write_text(
        "[budget]\nmonthly = 9000\n[budget.team]\nsearch = 2000\nreserch = 500\nads = 1\n"
    )
    monkeypatch.chdir(tmp_path)
    return tmp_path


def _told(capsys: pytest.CaptureFixture[str], *typed: str) -> list[str]:
    assert main(["bill", *typed]) == 0
    return [line for line in capsys.readouterr().err.splitlines() if "note:" in line]


def test_a_budget_of_nobody_is_told(company: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert _told(capsys) == [
        "gpuspec: note: [budget.team] reserch: no job is of it; did you mean research?",
        "gpuspec: note: [budget.team] ads: no job is of it; there are research, search",
    ]


def test_a_part_of_a_folder_is_held_against_all_of_its_budget(
    company: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    part = "the budgets of this folder are for all jobs in it, and this is a part: `gpuspec bill .` has all"
    assert _told(capsys, "search") == [f"gpuspec: note: {part}"]


def test_a_label_that_no_job_has_is_told(company: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (company / "gpuspec.toml").unlink()
    assert _told(capsys, "--by", "teem", "--by", "team", "--by", "cloud") == [
        "gpuspec: note: --by teem: no job has such a label; did you mean team?"
    ]
    assert _told(capsys, "--by", "owner") == [
        "gpuspec: note: --by owner: no job has such a label; there are folder, cloud, gpu, team"
    ]


def test_a_title_is_of_html(company: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bill", "--title", "November"]) == 2
    assert "--title is of --format html" in capsys.readouterr().err


def test_of_a_part_it_is_not_known_what_of_the_reserved_nobody_uses(
    company: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    reserved = '[[reserved]]\ncloud = "gcp"\ngpu = "L4"\ncount = 2\nprice = 0.40\n'
    (company / "gpuspec.toml").write_text(reserved)
    for paths, unused in (
        ([], True),
        (["search"], False),
        (["search/job.jsonc", "research"], False),
        (["."], True),
    ):
        assert main(["bill", *paths]) == 0
        assert ("unused: 2 of 2 × L4" in capsys.readouterr().out) is unused, paths
    (company / "all.toml").write_text(reserved)
    (company / "search" / "gpuspec.toml").write_text('extend = "../all.toml"\n')
    assert main(["bill", "--config", "all.toml"]) == 0
    assert "unused: 2 of 2 × L4" in capsys.readouterr().out


def test_a_gpu_that_is_offered_as_spot_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("mine.csv").write_text(
        "Cloud,AcceleratorName,AcceleratorCount,Price,SpotPrice\ngcp,H100 SXM,1,,2.00\n"
    )
    Path("gpuspec.toml").write_text('prices = "mine.csv"\n')
    Path("gpu.jsonc").write_text('{"task": "serve", "gpu_types": ["H100"], "run": "x"}')
    assert main(["bill"]) == 0
    text = " ".join(capsys.readouterr().out.split())
    assert (
        "1 job: H100 SXM is only offered as spot there: `spot` says whether that will do: gpu.jsonc" in text
    )


def test_a_spec_that_its_name_hides_is_told(company: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (company / "gpuspec.toml").unlink()
    (company / "search" / "rerank.jsonc").write_text(JOB.format(name="rerank", team="search"))
    (company / "tsconfig.jsonc").write_text("{}")
    said = "that may be a job spec by what it holds, not by its name (NAME.gpu.jsonc): search/rerank.jsonc;"
    (line,) = _told(capsys)
    assert f"not counted: 1 file {said}" in line
    assert _told(capsys, "search/job.jsonc") == []
    (company / "gpuspec.toml").write_text('include = ["search/*.jsonc"]\n')
    assert _told(capsys) == []
    (company / "gpuspec.toml").unlink()
    (company / ".gitignore").write_text("rerank.jsonc\n")
    assert _told(capsys) == []


@pytest.mark.parametrize("form", ["text", "markdown", "html"])
def test_jobs_beside_the_settings_are_in_this_folder(
    form: str, company: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (company / "gpu.jsonc").write_text(JOB.format(name="top", team="search"))
    assert main(["bill", "--by", "folder", "--format", form]) == 0
    assert "this folder" in capsys.readouterr().out
