"""`gpuspec run` against the month's budget, on the cloud that lives in a file: nothing is rented that breaks it."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from gpuspec.cli.main import main
from gpuspec.cli.month_budget import admission, launch_of
from gpuspec.cli.open_case import CaseOptions, open_case
from gpuspec.errors import UserError
from gpuspec.launch.launcher import Run, RunSettings
from gpuspec.launch.monthly_limit import Launch
from gpuspec.launch.records import Records
from gpuspec.planning.case import JobOverrides
from gpuspec.planning.monthly_budget import MonthlyBudget

from . import drive_rented as cloud
from .rented import change, prepare, run


def tried(spec: Path, prices: Path) -> list[str]:
    return ["run", str(spec), "--on", "skypilot", "--prices", str(prices), "--dry-run"]


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """1 h, 7 idle minutes at $0.44/h on a machine of one's own: $0.49 at most. $4.70 of $5 are spent."""
    prepare(tmp_path, monkeypatch)
    (tmp_path / "gpuspec.toml").write_text("[budget]\nmonthly = 5\n[budget.team]\nsearch = 0.40\n")
    now = time.time()
    Records().new(
        name="before", launcher="skypilot", spec_path="b.jsonc", workdir=str(tmp_path), state="succeeded",
        started=now, ended=now, spent=4.70,
    )  # fmt: skip
    return tmp_path


def test_a_launch_that_breaks_the_budget_is_refused_before_anything_is_rented(folder: Path) -> None:
    refused = run(folder)
    assert refused.returncode == 2
    told = " ".join(refused.stderr.split())
    assert "error[over-monthly-budget]: this month (" in told
    assert ") $4.70 of $5.00 are spent; this run may cost $0.49: $0.19 over the budget" in told
    assert cloud.read() == {}
    assert [each.name for each in Records().all()] == ["before"]

    anyway = run(folder, "--over-budget")
    assert anyway.returncode == 0, anyway.stderr
    assert "may cost $0.49: over it, as you said" in " ".join(anyway.stderr.split())
    (one,) = (each for each in Records().all() if each.name == "job")
    assert (one.budget_file, one.max_total) == (str(folder / "gpuspec.toml"), 5)
    assert one.labels == '{"folder": "."}'


def test_dry_run_says_so_too(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = tried(folder / "gpu.jsonc", folder / "prices.csv")
    assert main(words) == 2
    assert "over-monthly-budget" in capsys.readouterr().err
    assert main([*words, "--max-hours", "0.5"]) == 0  # 37 minutes at $0.44/h: $0.27
    assert "$4.70 of $5.00 are spent; this run may cost $0.27" in " ".join(capsys.readouterr().err.split())
    change(folder, labels={"team": "search"})
    assert main(words) == 2
    assert main([*words, "--max-hours", "0.5"]) == 0
    assert "$0.00 of $0.40 of team search are spent" in " ".join(capsys.readouterr().err.split())
    change(folder, labels={})
    with (folder / "gpuspec.toml").open("a") as settings:
        settings.write('[per-file-labels]\n"*.jsonc" = { team = "search" }\n')
    assert main([*words, "--max-hours", "0.5"]) == 0
    assert "of team search are spent; this run may cost $0.27" in " ".join(capsys.readouterr().err.split())
    assert main([*words, "--isolated"]) == 0
    assert "spent" not in capsys.readouterr().err


def test_budgets_above_the_folder_hold_as_far_as_the_repository_goes(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """As in a bill: the outer budget has $0.30 left, whatever the team's own settings say."""
    team = folder / "team"
    team.mkdir()
    (team / "gpuspec.toml").write_text("[budget]\nmonthly = 100\n")
    (folder / "gpu.jsonc").rename(team / "gpu.jsonc")
    words = tried(team / "gpu.jsonc", folder / "prices.csv")
    assert main(words) == 2
    assert f"raise budget.monthly in {folder / 'gpuspec.toml'}" in " ".join(capsys.readouterr().err.split())
    assert main([*words, "--config", str(team / "gpuspec.toml")]) == 0
    assert "$0.00 of $100 are spent; this run may cost $0.49" in " ".join(capsys.readouterr().err.split())
    (team / ".git").mkdir()
    assert main(words) == 0
    (team / ".git").rmdir()
    (folder / "gpuspec.toml").write_text("[budget\n")
    assert main(words) == 2  # a budget that cannot be read is not passed over
    assert "error[bad-config]" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("why", "plain", "dollars"), [("", False, 1.32), ("", True, 0.44), ("rented", False, 0.44)]
)
def test_a_service_counts_with_the_most_replicas_it_may_come_to(
    folder: Path, monkeypatch: pytest.MonkeyPatch, why: str, plain: bool, dollars: float
) -> None:
    monkeypatch.setattr("gpuspec.launch.skypilot.mode.why_controller_is_rented", lambda kind: why)
    change(folder, task="serve", scaling={"min": 1, "max": 3}, budget={}, ports=[8000])
    spec = str(folder / "gpu.jsonc")
    settings = CaseOptions(JobOverrides(prices=str(folder / "prices.csv"))).settings_for(spec)
    case = open_case(spec, settings)
    run_settings = RunSettings(spec_path=spec, workdir=str(folder), plain=plain)
    found = launch_of(case, case.plan_on("skypilot"), settings, run_settings, machines=1, above=True)
    assert found is not None
    assert found.hours is None
    assert found.price == pytest.approx(dollars)


def test_of_two_that_are_launched_at_once_the_second_is_refused(folder: Path) -> None:
    """Both saw enough before they asked; the record of the first is there when the second writes its own."""
    file = str(folder / "gpuspec.toml")
    as_run = Run(
        id="",
        name="x",
        launcher="skypilot",
        spec_path="x",
        workdir=str(folder),
        state="starting",
        started=0.0,
    )
    launch = Launch(as_run=as_run, budgets={file: MonthlyBudget(10.0)}, total=4.0, hours=1e-6, price=4e6)
    admit = admission(launch, over_budget=False)
    fields = {"launcher": "skypilot", "spec_path": "x", "workdir": str(folder), "planned_price": 4e6}
    Records().new(admit=admit, name="first", max_hours=1e-6, **fields)
    with pytest.raises(UserError) as refused:
        Records().new(admit=admit, name="second", max_hours=1e-6, **fields)
    assert refused.value.code == "over-monthly-budget"
    assert {each.name for each in Records().all()} == {"before", "first"}
    Records().new(admit=admission(launch, over_budget=True), name="anyway", **fields)
