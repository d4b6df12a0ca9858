"""`gpuspec diff`: what a change does to findings and costs. Of commits: test_diff_of_commits.py; on pull requests:
tests/integration/test_action.py."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from typing import Any

import pytest
from canaries import CANARIES, unsafe

from gpuspec.cli.main import main

SPEC = """{
  "name": "batch",
  "task": "batch",
  "model": { "id": "Qwen/Qwen2.5-7B-Instruct", "dtype": "bf16", "context": 4096 },
  "gpu_types": ["RTX A5000"],
  "gpu_count": 1,
  "keep_alive_minutes": 3,
  "budget": { "max_hours": 4 },
  "run": "python batch.py"
}
"""
DEAR = SPEC.replace("RTX A5000", "H100 PCIe")
TWICE = '{ "run": "a", "run": "b" }\n'
PRICES = """Cloud,AcceleratorName,AcceleratorCount,Price
slurm,RTX A5000,1,0.25
slurm,H100 PCIe,1,3.00
slurm,H100 PCIe,2,6.00
"""
RESERVED = '[[reserved]]\ncloud = "slurm"\ngpu = "H100 PCIe"\ncount = 1\nprice = 2.0\n'
SETTINGS = 'select = ["GS002", "GS101"]\nprices = "mine.csv"\n'


class Project:
    """A project as it was and as it is. Prices are its own: $0.25 and $3.00 an hour."""

    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.base, self.head = folder / "base", folder / "head"
        self._capsys = capsys
        self.base.mkdir()

    def was(self, **files: str) -> None:
        """What it was like: files by their names."""
        (self.base / "gpuspec.toml").write_text(SETTINGS)
        (self.base / "mine.csv").write_text(PRICES)
        for name, text in files.items():
            (self.base / f"{name}.gpu.jsonc").write_text(text)
        shutil.copytree(self.base, self.head)

    def diff(self, *words: str) -> str:
        """What is printed."""
        status = main(["diff", "../base", *words])
        out, err = self._capsys.readouterr()
        assert (status, err) == (0, "")
        return out

    def verdict(self, *words: str) -> tuple[int, str]:
        """The exit status, and what is told beside the report."""
        status = main(["diff", "../base", *words])
        return status, self._capsys.readouterr().err

    def document(self, *words: str) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.diff("--format", "json", *words))
        return found


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Project:
    found = Project(tmp_path, capsys)
    (tmp_path / "head").mkdir()
    monkeypatch.chdir(tmp_path / "head")
    (tmp_path / "head").rmdir()
    return found


def test_new_and_fixed_findings_and_what_jobs_cost(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    project.was(a=SPEC, b=TWICE, c=DEAR)
    monkeypatch.chdir(project.head)
    (project.head / "a.gpu.jsonc").write_text("// moved down\n" + DEAR)
    (project.head / "b.gpu.jsonc").write_text('{ "run": "a" }\n')
    found = project.document()
    assert [(each["code"], each["path"], each["line"]) for each in found["new"]] == [
        ("GS101", "a.gpu.jsonc", 6)
    ]
    assert [(each["code"], each["path"]) for each in found["fixed"]] == [("GS002", "b.gpu.jsonc")]
    assert found["as_before"] == 1
    (job,) = found["jobs"]
    before, after = job["before"], job["after"]
    assert (before["machine"], before["per_hour"]) == ("RTX A5000", 0.25)
    assert (after["machine"], after["per_hour"]) == ("H100 PCIe", 3.0)
    assert before["unit"] == after["unit"] == "million tokens"
    assert 0 < before["per_unit"] < after["per_unit"]
    # One run a month of at most 4 hours: 4 × 0.25 = 1, 4 × 3 = 12; c costs as much before and after.
    assert (before["per_run"], before["per_month"], before["hours_per_month"]) == (1.0, 1.0, 4.0)
    assert (after["per_run"], after["per_month"]) == (12.0, 12.0)
    assert found["total"]["per_month"] == {"before": 13.0, "after": 24.0, "unknown": 0, "unknown_changed": 0}
    what, first, *lines = project.diff().splitlines()
    assert what == "../base → this folder"
    assert first == "+$11.00/month (+85 %): $13.00 → $24.00 · 1 new finding, 1 fixed, 1 as before"  # 11 / 13
    assert lines[:4] == [
        "~ a.gpu.jsonc: RTX A5000 → H100 PCIe",
        "    per hour  $0.25 → $3.00 (+1,100 %)",
        "    per run   $1.00 → $12.00 (+1,100 %)",
        "    per month $1.00 → $12.00 (+1,100 %)  (one run a month, at most 4 h each (budget.max_hours))",
    ]
    assert lines[4].startswith("    per unit  $")


def test_nothing_to_say_is_one_line(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    project.was(a=DEAR)
    monkeypatch.chdir(project.head)
    said = "gpuspec: this changes no finding and no cost (1 finding as before).\n"
    assert project.diff("--format", "markdown") == said
    (project.head / "a.gpu.jsonc").write_text("// a comment\n" + DEAR)
    assert project.diff("--format", "markdown") == said


def test_a_moved_file_is_what_it_was(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    project.was(a=DEAR, b=SPEC)
    monkeypatch.chdir(project.head)
    (project.head / "deep").mkdir()
    (project.head / "a.gpu.jsonc").rename("deep/new.gpu.jsonc")
    (project.head / "b.gpu.jsonc").rename("deep/b.gpu.jsonc")
    found = project.document()
    assert (found["new"], found["fixed"], found["as_before"], found["jobs"]) == ([], [], 1, [])
    # What is changed on the way shows.
    text = SPEC.replace('"gpu_count": 1', '"gpu_count": 2').replace("RTX A5000", "H100 PCIe")
    (project.head / "deep" / "b.gpu.jsonc").write_text(text)
    (job,) = project.document()["jobs"]
    assert job["was"] == "b.gpu.jsonc"
    assert "| `deep/b.gpu.jsonc` was `b.gpu.jsonc` | RTX A5000 → 2 × H100 PCIe |" in project.diff(
        "--format", "markdown"
    )
    assert (job["path"], job["before"]["machine"], job["after"]["machine"]) == (
        "deep/b.gpu.jsonc", "RTX A5000", "2 × H100 PCIe",
    )  # fmt: skip


def test_jobs_come_and_go(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    project.was(a=SPEC)
    monkeypatch.chdir(project.head)
    (project.head / "a.gpu.jsonc").unlink()
    (project.head / "b.gpu.jsonc").write_text('{"name": "other", "gpu_types": ["RTX A5000"], "run": "x"}')
    text = project.diff("--format", "markdown")
    hour, month = "$&#8288;0.25", "$&#8288;1.00"
    assert f"| `a.gpu.jsonc` gone | RTX A5000 | {hour} | {month} | {month} | $&#8288;" in text
    assert f"| `b.gpu.jsonc` new | RTX A5000 | {hour} | – | – | – |" in text
    assert "1 job not counted: what a month of it costs is not known" in text


def test_what_is_silenced_or_in_the_baseline_is_not_new(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    project.was(a=TWICE)
    monkeypatch.chdir(project.head)
    (project.head / "a.gpu.jsonc").write_text("// gpuspec: ignore-file[GS002] both\n" + TWICE)
    found = project.document()
    assert (found["new"], found["fixed"], found["silenced"]) == ([], [], 1)
    (project.head / "b.gpu.jsonc").write_text(TWICE)
    assert len(project.document()["new"]) == 1
    (project.head / "gpuspec.toml").write_text(SETTINGS + 'baseline = "known.json"\n')
    assert main(["lint", "b.gpu.jsonc", "--write-baseline"]) == 0
    project._capsys.readouterr()
    assert project.document()["new"] == []


def test_paths(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    project.was(a=SPEC, b=SPEC)
    monkeypatch.chdir(project.head)
    for name in "abc":  # c is not there in the base
        (project.head / f"{name}.gpu.jsonc").write_text(TWICE)
    found = project.document("--path", "a.gpu.jsonc", "--path", "c.gpu.jsonc")
    assert [each["path"] for each in found["new"]] == ["a.gpu.jsonc", "c.gpu.jsonc"]
    for words, code in {
        ("--path", "../base/a.gpu.jsonc"): "path-outside",
        ("--path", "d.gpu.jsonc"): "no-such-file",
        ("a.gpu.jsonc",): "not-comparable",  # a folder and a file
    }.items():
        status, told = project.verdict(*words)
        assert (status, f"error[{code}]" in told) == (2, True), told


def test_two_files(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    project.was(a=SPEC)
    monkeypatch.chdir(project.head)
    Path("b.gpu.jsonc").write_text(DEAR)
    assert main(["diff", "a.gpu.jsonc", "b.gpu.jsonc"]) == 0
    lines = project._capsys.readouterr().out.splitlines()
    assert lines[0] == "a.gpu.jsonc → b.gpu.jsonc"
    assert lines[1].startswith("+$11.00/month (+1,100 %): $1.00 → $12.00 · 1 new finding")
    assert lines[2] == "~ b.gpu.jsonc: RTX A5000 → H100 PCIe"


@pytest.mark.parametrize(
    ("limit", "added"),
    [
        ("+10/month", "+$11.00/month (+1,100 %)"),
        ("+11.00/month", ""),  # it is 11 more, not more than 11
        ("+$2.50/hour", "+$2.75/hour (+1,100 %)"),
        ("+2.75/hour", ""),
        ("+10.99/run", "+$11.00/run (+1,100 %)"),
        ("+1099%", "+$11.00/month (+1,100 %)"),
        ("+1,100%", ""),
    ],
)
def test_what_a_change_may_add(
    project: Project, monkeypatch: pytest.MonkeyPatch, limit: str, added: str
) -> None:
    project.was(a=SPEC)
    monkeypatch.chdir(project.head)
    (project.head / "a.gpu.jsonc").write_text(DEAR)
    told = f"gpuspec: {added} is more than --fail-above {limit}\n" if added else ""
    assert project.verdict("--fail-above", limit) == (int(bool(added)), told)


def test_a_limit_without_a_plus_is_none(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    project.was(a=SPEC)
    monkeypatch.chdir(project.head)
    for wrong in ("100/month", "+100", "+100/week", "-5%", "+$5%", "+1e9/month"):
        status, told = project.verdict(f"--fail-above={wrong}")
        assert (status, "is no limit of what a change may add" in told) == (2, True)


def test_what_is_not_known_is_said_beside_a_limit(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    """A job of 8 × $3.00 an hour of which nobody knows how long it runs: no month of it is made up."""
    project.was(a=SPEC)
    monkeypatch.chdir(project.head)
    spec = '{"name": "b", "task": "train", "gpu_types": ["H100 PCIe"], "gpu_count": 2, "run": "python t.py"}'
    (project.head / "b.gpu.jsonc").write_text(spec)
    status, told = project.verdict("--fail-above", "+1/month")
    assert (status, "note: --fail-above leaves out 1 changed job" in told) == (0, True)
    assert project.verdict("--fail-above", "+5.99/hour")[0] == 1  # what an hour costs is known: 6.00
    (job,) = project.document()["jobs"]
    assert (job["after"]["per_hour"], job["after"]["per_month"]) == (6.0, None)
    assert "hours_per_run" in job["after"]["unknown"]


def test_a_new_finding_fails(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    project.was(a=DEAR)
    monkeypatch.chdir(project.head)
    assert project.verdict("--fail-on-new") == (0, "")  # the old one does not
    (project.head / "b.gpu.jsonc").write_text(DEAR)
    assert project.verdict("--fail-on-new") == (1, "gpuspec: 1 new finding, and --fail-on-new\n")
    (project.head / "gpuspec.toml").write_text('fail-on = "error"\n' + SETTINGS)
    assert project.verdict("--fail-on-new") == (0, "")  # a warning


def test_settings_that_change_change_the_money(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    """The jobs are as they were; what an hour costs is not: $0.25 → $0.50."""
    project.was(a=SPEC)
    monkeypatch.chdir(project.head)
    (project.head / "mine.csv").write_text(PRICES.replace("0.25", "0.50"))
    assert project.document()["total"]["per_month"]["after"] == 2.0  # 4 × 0.50
    assert project.diff().splitlines()[1].startswith("+$1.00/month (+100 %): $1.00 → $2.00")


def test_budgets(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    """$1 and $12 a month, of budgets of 13 (all), 20 (folder `deep`), and 100, of which no step is reached."""
    project.was(a=SPEC)
    monkeypatch.chdir(project.head)
    Path("deep").mkdir()
    budget = '[budget]\nmonthly = 13\n[budget.folder]\ndeep = 11.5\n[budget.gpu]\n"H100 PCIe" = 100\n'
    Path("gpuspec.toml").write_text(SETTINGS + budget)
    Path("deep/b.gpu.jsonc").write_text(DEAR.replace("batch.py", "other.py"))
    found = project.document()["budgets"]
    assert [(each["by"], each["before"], each["after"]) for each in found] == [
        (None, 1.0, 13.0), ("folder", 0.0, 12.0), ("gpu", 0.0, 12.0),
    ]  # fmt: skip
    assert project.diff().splitlines()[2:4] == [
        "the budget: 8 % → 100 % of $13.00/month",  # 1 / 13
        "the budget of folder deep: 0 % → 104 % of $11.50/month",  # 12 / 11.5
    ]
    lines = project.diff("--format", "markdown").splitlines()
    assert (lines[4][0], lines[6][0]) == ("⚠", "❌")
    assert project.document("--path", "deep")["budgets"] == []  # which knows a part of the jobs


def test_reserved_capacity_is_filled_first(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    """One H100 at $2.00 an hour is paid for 730 hours, $1,460 a month: a job that takes 4 of them adds nothing."""
    monkeypatch.setitem(globals(), "SETTINGS", SETTINGS + RESERVED)
    project.was(b=SPEC)
    monkeypatch.chdir(project.head)
    Path("a.gpu.jsonc").write_text(DEAR)
    found = project.document("--fail-above", "+0.01/month")
    month = found["total"]["per_month"]
    assert (month["before"], month["after"]) == (1461.0, 1461.0)  # 1,460 and the dollar of b
    job, left = found["jobs"]
    assert (job["path"], job["before"], job["after"]["per_month"]) == ("a.gpu.jsonc", None, 8.0)  # 4 × 2.00
    assert (left["path"], left["job"]) == ("gpuspec.toml", "unused of 1 reserved H100 PCIe (slurm)")
    assert (left["before"]["per_month"], left["after"]["per_month"]) == (1460.0, 1452.0)


def test_what_cannot_be_read_is_not_passed_over(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    project.was(a=SPEC)
    monkeypatch.chdir(project.head)
    (project.base / "a.gpu.jsonc").write_bytes(b"\0")
    status, told = project.verdict()
    assert (status, told.startswith("gpuspec: note: ../base: ")) == (0, True)  # the change mends it
    (project.head / "a.gpu.jsonc").write_bytes(b"\0")
    status, told = project.verdict()
    assert (status, "error[binary-file]" in told) == (2, True)


def test_a_name_is_no_markup(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    project.was(a=SPEC)
    monkeypatch.chdir(project.head)
    (project.head / "x|`<b>.gpu.jsonc").write_text(DEAR)
    text = project.diff("--format", "markdown")
    assert r"| `x\x7c\x60<b>.gpu.jsonc` new | H100 PCIe |" in text  # in code `<` is itself
    assert all(row.replace("\\|", "").count("|") in (3, 7) for row in text.splitlines() if row[:1] == "|")


POD = """apiVersion: v1
kind: Pod
metadata: {{ name: {name} }}
spec:
  nodeSelector: {{ nvidia.com/gpu.product: NVIDIA-{gpu} }}
  containers: [{{ name: {name}, image: x, resources: {{ limits: {{ nvidia.com/gpu: 1 }} }} }}]
---
"""


@pytest.mark.parametrize("canary", CANARIES.values(), ids=CANARIES)
def test_names_are_no_commands_to_whoever_reads_them(
    project: Project, monkeypatch: pytest.MonkeyPatch, canary: str
) -> None:
    """To a terminal, a CI runner, Markdown: of jobs, files, GPUs and folders."""
    project.was(a=SPEC)
    name = json.dumps(canary + "<img src=x onerror=alert(1)>[x](http://x) @team #1")
    before, after = (POD.format(name=name, gpu=gpu) for gpu in ("L4", "H100"))
    base = project.base.rename(project.base.with_name(canary[:60].replace("/", "-")))
    (base / "pods.yaml").write_text(before + before.replace("name: ", "name: other-", 1))
    monkeypatch.chdir(project.head)
    Path("pods.yaml").write_text(after + after.replace("name: ", "name: other-", 1))
    Path(f"{canary[:60].replace('/', '-')}.gpu.jsonc").write_text(DEAR.replace("python batch.py", canary[:1]))
    for form in ("text", "markdown", "json"):
        assert main(["diff", str(base), "--format", form, "--fail-above", "+1/month"]) in (0, 1)
        out, err = project._capsys.readouterr()
        assert (unsafe(out), unsafe(err)) == ([], [])
        assert "pods.yaml" in out or canary == CANARIES["order"]  # which YAML cannot say in JSON's escapes
        assert form != "markdown" or (
            "<img" not in re.sub(r"`[^`]*`", "", out) and " @team" not in re.sub(r"`[^`]*`", "", out)
        )
