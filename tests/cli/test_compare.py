"""`gpuspec compare`: what a change does to findings and costs. On pull requests: tests/integration/test_action.py."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

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

    def compare(self, *words: str) -> str:
        """What is printed."""
        status = main(["compare", "../base", *words])
        out, err = self._capsys.readouterr()
        assert (status, err) == (0, "")
        return out

    def document(self, *words: str) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.compare("--format", "json", *words))
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
    first, job_line, *_ = project.compare().splitlines()
    assert first == "1 new finding, 1 fixed, 1 as before · +$2.75/hour"  # 3.00 − 0.25
    assert job_line.startswith("a.gpu.jsonc: RTX A5000 → H100 PCIe, $0.25 → $3.00 (+1100 %)/hour, $")


def test_nothing_to_say_is_one_line(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    project.was(a=DEAR)
    monkeypatch.chdir(project.head)
    said = "gpuspec: this changes no finding and no cost (1 finding as before).\n"
    assert project.compare("--format", "markdown") == said
    (project.head / "a.gpu.jsonc").write_text("// a comment\n" + DEAR)
    assert project.compare("--format", "markdown") == said


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
    assert "| `deep/b.gpu.jsonc` was `b.gpu.jsonc` | RTX A5000 → 2 × H100 PCIe |" in project.compare(
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
    text = project.compare("--format", "markdown")
    assert "| `a.gpu.jsonc` gone | RTX A5000 | $&#8203;0.25 | $&#8203;" in text
    assert "| `b.gpu.jsonc` new | RTX A5000 | $&#8203;0.25 | – |" in text


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
    assert [each["path"] for each in project.document("a.gpu.jsonc", "c.gpu.jsonc")["new"]] == [
        "a.gpu.jsonc", "c.gpu.jsonc",
    ]  # fmt: skip
    assert main(["compare", "../base", "../base/a.gpu.jsonc"]) == 2
    assert "error[path-outside]" in project._capsys.readouterr().err
    assert main(["compare", "nowhere"]) == 2
    assert "error[no-such-file]" in project._capsys.readouterr().err


def test_a_name_is_no_markup(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    project.was(a=SPEC)
    monkeypatch.chdir(project.head)
    (project.head / "x|`<b>.gpu.jsonc").write_text(DEAR)
    text = project.compare("--format", "markdown")
    assert r"| `x\x7c\x60<b>.gpu.jsonc` new | H100 PCIe |" in text  # in code `<` is itself
    assert all(row.replace("\\|", "").count("|") in (3, 5) for row in text.splitlines() if row[:1] == "|")
