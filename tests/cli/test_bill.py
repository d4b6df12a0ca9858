"""`gpuspec bill`: what jobs cost a month. Prices are the test's own, so that every number is worked out here."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

import pytest

import gpuspec.rules
from gpuspec.cli.main import main
from gpuspec.rules import RULES

PRICES = """Cloud,AcceleratorName,AcceleratorCount,Price
aws,H100 PCIe,1,3.00
gcp,RTX A5000,1,0.25
gcp,RTX A5000,2,0.50
"""
SERVER = """{
  "name": "chat", "task": "serve", "gpu_types": ["H100 PCIe"], "labels": { "team": "search" },
  "model": { "id": "Qwen/Qwen2.5-7B-Instruct", "dtype": "bf16", "context": 4096 }, "run": "python serve.py"
}
"""
BATCH = """{
  "name": "embed", "task": "batch", "gpu_types": ["RTX A5000"], "gpu_count": 2, "schedule": { "runs_per_month": 20 },
  "budget": { "max_hours": 4 }, "labels": { "team": "data" }, "run": "python embed.py"
}
"""
POD = """apiVersion: apps/v1
kind: Deployment
metadata: {name: ranker}
spec:
  replicas: 3
  template:
    spec:
      nodeSelector: {nvidia.com/gpu.product: NVIDIA-H100-PCIe}
      containers:
        - {name: ranker, image: "vllm/vllm-openai:v0.8.0", resources: {limits: {nvidia.com/gpu: 1}}}
"""


class Project:
    """A folder with jobs, prices and settings of its own."""

    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.folder, self._capsys = folder, capsys
        (folder / "mine.csv").write_text(PRICES)
        self.settings("")

    def settings(self, text: str) -> None:
        """The settings, beside the prices."""
        (self.folder / "gpuspec.toml").write_text('prices = "mine.csv"\nclouds = ["aws", "gcp"]\n' + text)

    def write(self, name: str, text: str) -> None:
        """A file."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def bill(self, *words: str, status: int = 0) -> str:
        """What is printed."""
        found = main(["bill", *words])
        self.out, self.err = self._capsys.readouterr()
        assert found == status, self.err
        return self.out

    def document(self, *words: str, status: int = 0) -> dict[str, Any]:
        """The bill as JSON."""
        found: dict[str, Any] = json.loads(self.bill("--json", *words, status=status))
        return found


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Project:
    monkeypatch.chdir(tmp_path)
    return Project(tmp_path, capsys)


def test_a_month_of_three_formats_is_added_up(project: Project) -> None:
    project.write("search/gpu.jsonc", SERVER)
    project.write("data/gpu.jsonc", BATCH)
    project.write("data/ranker.yaml", POD)
    found = project.document()
    by_job = {each["job"]: each for each in found["jobs"]}
    # 730 h × $3; 20 runs × 4 h × 2 × $0.25; 3 copies × 730 h × $3
    assert by_job["chat"]["per_month"] == 2190
    assert (by_job["embed"]["per_run"], by_job["embed"]["per_month"]) == (2, 40)
    assert (by_job["ranker"]["per_hour"], by_job["ranker"]["per_month"]) == (9, 6570)
    assert found["per_month"] == 2190 + 40 + 6570
    groups = {(each["by"], each["name"]): each["per_month"] for each in found["groups"]}
    assert groups["folder", "data"] == 6610
    assert groups["team", "search"] == 2190
    assert (groups["cloud", "aws"], groups["cloud", "gcp"]) == (8760, 40)
    assert groups["gpu", "RTX A5000"] == 40


def test_a_budget_that_is_not_kept_fails(project: Project) -> None:
    project.write("search/gpu.jsonc", SERVER)
    project.write("data/gpu.jsonc", BATCH)
    project.settings("[budget]\nmonthly = 3000\n[budget.team]\ndata = 39\n[budget.folder]\nsearch = 2400\n")
    found = project.document(status=1)
    lines = {(each["by"], each["name"]): each for each in found["budgets"]}
    # 2,230 of 3,000 are 74 %; 40 of 39; 2,190 of 2,400 are 91 %
    assert (lines[None, None]["per_month"], lines[None, None]["reached"]) == (2230, 0.7)
    assert lines["team", "data"]["reached"] == 1.0
    assert lines["folder", "search"]["reached"] == 0.9
    assert "$1.00 over it" in project.bill(status=1)
    project.settings("[budget]\nmonthly = 2230\n")
    project.bill()


def test_what_is_not_known_is_said_and_never_nothing(project: Project) -> None:
    project.write("one/gpu.jsonc", BATCH.replace('"budget": { "max_hours": 4 },', ""))
    project.write("two/gpu.jsonc", SERVER.replace("H100 PCIe", "L4"))
    found = project.document()
    assert found["unknown_jobs"] == 2
    assert [each["per_month"] for each in (*found["jobs"], *found["groups"])].count(None) == len(
        found["jobs"]
    ) + len(found["groups"])
    text = project.bill()
    assert "$0" not in text
    assert "hours_per_run" in text
    assert "no price of L4 is known" in text


def test_where_nothing_says_who_rents_the_machine_its_cost_is_unknown(project: Project) -> None:
    (project.folder / "gpuspec.toml").unlink()
    project.write("ranker.yaml", POD)
    assert "its file does not say where" in project.document()["jobs"][0]["unknown"]
    assert project.document("--prices", "mine.csv")["per_month"] == 6570


def test_savings_are_those_of_the_findings(project: Project) -> None:
    project.write("search/gpu.jsonc", SERVER)
    (job,) = project.document()["jobs"]
    (step,) = [each for each in job["savings"] if each["code"] == "GS101"]
    # An RTX A5000 at $0.25 for an H100 at $3.00, if it were as fast: at most 11/12 of it.
    assert 0 < step["adds_per_month"] <= 2190 * 11 / 12 + 0.01
    assert step["suggestion"] == 'use "RTX A5000"'
    assert job["saved_per_month"] == pytest.approx(sum(each["adds_per_month"] for each in job["savings"]))


def test_what_cannot_be_read_is_left_out_and_told(project: Project) -> None:
    project.write("a/gpu.jsonc", SERVER)
    project.write("b/gpu.jsonc", "{")
    found = project.document(status=2)
    assert [path for each in found["skipped"] for path in [each["path"]]] == ["b/gpu.jsonc"]
    assert "b/gpu.jsonc" in project.err
    project.bill("nowhere", status=2)
    assert "nowhere does not exist" in project.err


def test_the_bill_as_a_page_for_people_without_gpuspec(project: Project) -> None:
    project.write("data/gpu.jsonc", BATCH)
    title = "Data & search, December"
    assert project.bill("--format", "html", "--title", title, "--output", "bill.html") == ""
    page = (project.folder / "bill.html").read_text(encoding="utf-8")
    assert page.startswith("<!doctype html>")
    assert "<title>GPU bill: Data &amp; search, December: $40.00 a month</title>" in page
    assert "<h1><span>$40.00</span> a month</h1>" in page  # 20 runs × 4 h × 0.50 $
    assert "data/gpu.jsonc" in page


def test_settings_say_how_much_of_a_month_and_whose(project: Project) -> None:
    project.settings(
        '[per-file-usage]\n"data/*" = { runs_per_month = 10, hours_per_run = 1.5 }\n'
        '"search/**" = { hours_per_month = 200, machines = 2.5 }\n"**" = { hours_per_month = 1 }\n'
        '[per-file-labels]\n"**" = { team = "nobody", floor = "3" }\n"search/**" = { floor = "9" }\n'
    )
    project.write("search/gpu.jsonc", SERVER)
    project.write("search/ranker.yaml", POD)
    project.write("data/gpu.jsonc", BATCH)
    found = project.document("--by", "team", "--by", "floor")
    by_job = {each["job"]: each for each in found["jobs"]}
    # 200 h × 2.5 × $3; the job's own 20 runs, of 1.5 h, × 2 × $0.25
    assert by_job["chat"]["per_month"] == by_job["ranker"]["per_month"] == 1500
    assert by_job["embed"]["per_month"] == 15
    groups = {(each["by"], each["name"]): each["per_month"] for each in found["groups"]}
    assert groups == {
        ("team", "search"): 1500,
        ("team", "nobody"): 1500,
        ("team", "data"): 15,
        ("floor", "3"): 3015,  # the first glob that says one
    }


@pytest.mark.parametrize(
    ("setting", "said"),
    [
        ('[per-file-usage]\n"*" = 3\n', "per-file-usage.'*' must be a table, not a whole number"),
        ('[per-file-usage]\n"*" = { hours = 3 }\n', "there is no 'hours'"),
        ('[per-file-usage]\n"*" = { hours_per_month = 745 }\n', "must be at least 0 and at most 744"),
        ('[per-file-usage]\n"*" = { hours_per_month = "all" }\n', "must be a number, not a string"),
        ('[per-file-usage]\n"*" = { hours_per_month = 1, runs_per_month = 1 }\n', "say one"),
        ('[per-file-labels]\n"*" = { team = 3 }\n', "per-file-labels.'*'.team must be a string"),
        ('[per-file-labels]\n"*" = "search"\n', "per-file-labels.'*' must be a table, not a string"),
        ('[per-file-labels]\n"*" = { team = "" }\n', "a label has 1 to 200 characters"),
    ],
)
def test_wrong_settings_are_refused(project: Project, setting: str, said: str) -> None:
    project.write("search/gpu.jsonc", SERVER)
    project.settings(setting)
    project.bill(status=2)
    assert said in project.err


def test_files_say_how_often_and_whose(project: Project) -> None:
    cron = POD.replace("apps/v1", "batch/v1").replace("Deployment", "CronJob")
    cron = cron.replace("metadata: {name: ranker}", "metadata: {name: ranker, labels: {team: night}}")
    cron = cron.replace(
        "replicas: 3\n  template:\n    spec:\n",
        "schedule: '0 2 * * *'\n  jobTemplate:\n    spec:\n"
        "      template:\n        spec:\n          activeDeadlineSeconds: 7200\n",
    )
    project.write(
        "cron.yaml",
        cron.replace("      nodeSelector", "          nodeSelector").replace(
            "      containers:\n        - {", "          containers:\n            - {"
        ),
    )
    (job,) = project.document()["jobs"]
    # 365 / 12 nights × 2 h × $3
    assert job["per_month"] == 182.5
    assert (job["labels"]["team"], job["at_most"], job["assumed"]) == ("night", True, False)
    assert job["use"].startswith("schedule, at most 2")


HOSTILE = '=HYPERLINK("http://x")|`</summary><img src=x onerror=alert(1)>\x1b[2J::error::@all'


def test_csv_has_a_row_for_each_job_and_no_formula(project: Project) -> None:
    project.write("search/gpu.jsonc", SERVER.replace('"chat"', json.dumps(HOSTILE)))
    project.write("data/gpu.jsonc", BATCH.replace('"budget": { "max_hours": 4 },', ""))
    rows = list(csv.DictReader(io.StringIO(project.bill("--format", "csv"), newline="")))
    assert [row["per_month"] for row in rows] == ["2190", ""]
    assert rows[0]["labels"] == "team=search"
    assert rows[0]["job"].startswith("'=HYPERLINK")
    assert rows[1]["saved_per_month"] == ""


@pytest.mark.parametrize(
    ("name", "cell"),
    [
        (" =1+1", "' =1+1"),
        ("\uff1d1", "'\uff1d1"),
        ("\ufeff=1", "\\ufeff=1"),
        ("\x1b]0;x\x07", "\\x1b]0;x\\x07"),
    ],
)
def test_a_cell_calculates_nothing_and_drives_no_terminal(project: Project, name: str, cell: str) -> None:
    project.write("gpu.jsonc", SERVER.replace('"chat"', json.dumps(name)))
    (row,) = csv.DictReader(io.StringIO(project.bill("--format", "csv"), newline=""))
    assert row["job"] == cell


def test_what_groups_cost_that_are_not_shown_may_be_unknown(project: Project) -> None:
    for number in range(12):
        project.write(f"of{number}/gpu.jsonc", BATCH.replace('"budget": { "max_hours": 4 },', ""))
    assert "more, unknown a month (--all shows them)" in project.bill()
    assert "more, unknown a month" in project.bill("--format", "markdown")


def test_markdown_says_the_money_first_and_what_names_say_does_nothing(project: Project) -> None:
    project.write("search/gpu.jsonc", SERVER.replace('"chat"', json.dumps(HOSTILE)))
    project.write("data/gpu.jsonc", BATCH)
    project.settings("[budget]\nmonthly = 3000\n")
    page = project.bill("--format", "markdown")
    lines = page.splitlines()
    assert lines[0] == "### gpuspec bill"
    assert lines[2].startswith("$&#8288;2,230 a month in 2 jobs")
    assert "⚠️ $&#8288;2,230 of $&#8288;3,000 a month: 74 %" in lines
    assert "| ≤ $&#8288;40.00 | 2 % |  | 2 × RTX A5000 | `data/gpu.jsonc embed` |" in lines
    assert "\x1b" not in page
    names = [line for line in lines if "HYPERLINK" in line]
    # In code nothing means anything but a backquote, or a bar in a table.
    assert names
    assert all(line.count("`") % 2 == 0 and "\\x7c" in line for line in names)


def test_services_of_one_machine_are_paid_for_once(project: Project) -> None:
    device = "      resources: {{reservations: {{devices: [{{capabilities: [gpu], {}}}]}}}}\n"
    service = "    image: {}\n    deploy:\n" + device
    text = "services:\n"
    for name, gpus in (("chat", "count: 2"), ("embed", "count: 1"), ("other", "device_ids: ['2']")):
        text += f"  {name}:\n" + service.format("vllm/vllm-openai:v0.8.0", gpus)
    project.write("compose.yaml", text)
    found = project.document("--assume-gpu", "RTX A5000")
    by_job = {each["job"]: each for each in found["jobs"]}
    # 730 h × $0.50; on its GPUs; 730 h × $0.25
    assert [by_job[name]["per_month"] for name in ("chat", "embed", "other")] == [365, 0, 182.5]
    assert "machine of chat" in by_job["embed"]["use"]


@pytest.mark.parametrize("columns", ["40", "80", "200"])
def test_no_line_is_wider_than_the_page(
    project: Project, columns: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", columns)
    project.write("a/rather/long/way/down/to/gpu.jsonc", SERVER)
    project.write("data/gpu.jsonc", BATCH)
    project.write("unknown/gpu.jsonc", SERVER.replace("H100 PCIe", "L4"))
    text = project.bill()
    assert "$2,190" in text
    assert [line for line in text.splitlines() if len(line) > int(columns) and " " in line.strip()] == []


def test_a_bill_asks_every_rule_that_may_name_money() -> None:
    rules = Path(gpuspec.rules.__file__).parent
    for row in RULES:
        text = (rules / f"{row._module.removeprefix('gpuspec.rules.').replace('.', '/')}.py").read_text()
        assert row.saves == ("Saving(" in text or "saving=" in text), row.code


def test_gpu_hours_are_known_where_dollars_are_not(project: Project) -> None:
    (project.folder / "gpuspec.toml").unlink()
    project.write("ranker.yaml", POD)
    project.write(
        "any.yaml",
        POD.replace("nodeSelector: {nvidia.com/gpu.product: NVIDIA-H100-PCIe}", "{}")
        .replace("      {}\n", "")
        .replace("replicas: 3", "replicas: 2")
        .replace("nvidia.com/gpu: 1", "nvidia.com/gpu: 4"),
    )
    found = project.document()
    # 3 × 1 × 730 h of H100; 2 × 4 × 730 h of a GPU without a name; no dollars
    assert [(each["gpu"], each["gpu_hours_per_month"]) for each in found["jobs"]] == [
        (None, 5840),
        ("H100 PCIe", 2190),
    ]
    assert found["gpu_hours_per_month"] == 8030
    of_gpu = {each["name"]: each for each in found["groups"] if each["by"] == "gpu"}
    assert (of_gpu["H100 PCIe"]["gpu_hours_per_month"], of_gpu["H100 PCIe"]["per_month"]) == (2190, None)
    asked = "2 jobs name no cloud: --cloud aws"
    text = project.bill().splitlines()
    assert text[0] == "8,030 GPU-hours a month in 2 jobs, of unknown cost"
    assert text[1].startswith(asked)
    page = project.bill("--format", "markdown").splitlines()
    assert page[2] == text[0]
    assert page[4].startswith(asked)
    assert "| 2,190 | unknown | 3 × H100 PCIe | `ranker.yaml` |" in page
    head = project.bill("--format", "html").partition("</header>")[0]
    assert "<h1><span>8,030 GPU-hours</span> a month</h1>" in head
    assert asked in head
    rows = list(csv.DictReader(io.StringIO(project.bill("--format", "csv"), newline="")))
    assert [(row["gpu_hours_per_month"], row["per_month"]) for row in rows] == [("5840", ""), ("2190", "")]
    # one answer: 3 × 730 h × $3; the other names no GPU
    assert project.document("--prices", "mine.csv")["per_month"] == 6570


def test_gpu_hours_of_a_job_that_says_no_hours_are_unknown(project: Project) -> None:
    project.write("gpu.jsonc", BATCH.replace('"budget": { "max_hours": 4 },', ""))
    assert project.document()["jobs"][0]["gpu_hours_per_month"] is None
    assert "GPU-hours" not in project.bill()
    project.write("gpu.jsonc", BATCH)
    assert project.document()["gpu_hours_per_month"] == 160  # 20 runs × 4 h × 2 GPUs


def test_no_cell_of_who_separates_by_semicolons_calculates(project: Project) -> None:
    project.write("gpu.jsonc", SERVER.replace('"chat"', '"a;=1+1"'))
    (row,) = csv.DictReader(io.StringIO(project.bill("--format", "csv"), newline=""))
    assert row["job"] == "a;'=1+1"
