"""The sample company: forty jobs in seven formats, each valid in its own, that waste what real companies' do."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import json5
import jsonschema
import pytest
import yaml

from gpuspec.lint.config import Configs
from gpuspec.lint.discover import walk
from gpuspec.lint.files import lint_data
from gpuspec.lint.result import Located
from gpuspec.lint.runner import Linter, documents_in
from gpuspec.rules import collect

ROOT = Path(__file__).parents[2]
COMPANY = ROOT / "examples/company"

JOBS = {
    "search": {"kubernetes": 9},
    "support": {"compose": 3, "kubernetes": 4},
    "vision": {"modal": 3, "skypilot": 3},
    "speech": {"dstack": 4, "kubernetes": 1},
    "research": {"sbatch": 5, "skypilot": 3},
    "platform": {"gpu-cli": 1, "gpuspec": 4},
}
"""As its README has them."""

WASTE = {
    "search/answers-70b.yaml": {"GS201", "GS409"},  # 16 bit on four GPUs; 4 bit does on one
    "search/answers-staging.yaml": {"GS101", "GS409"},  # an H100 for 8B, day and night, for staging
    "search/train-reranker.yaml": {"GS501"},  # resumes, and still pays on demand
    "speech/calls.yaml": {"GS101", "GS501"},  # Whisper on an A100
    "speech/dev.dstack.yml": {"GS401"},  # an H100 that nobody ends
    "support/k8s/reply-drafts.yaml": {"GS105", "GS409"},  # four GPUs, one used
    "research/slurm/ablation.sbatch": {"GS105"},  # four, two processes
    "research/sky/notebook.yaml": {"GS401"},
    "vision/modal/backgrounds.py": {"GS101", "GS409"},
    "vision/sky/lora-products.yaml": {"GS101"},
}
NOTHING = {
    "search/reranker.yaml": {"GS409"},
    "support/compose/tickets/compose.yaml": set(),
    "vision/sky/detector.yaml": set(),
}
"""Jobs that are sound, but that a server is up whether anybody asks or not."""


@pytest.fixture(scope="module")
def looked() -> tuple[dict[str, list[str]], dict[str, list[Located]]]:
    """Path → the formats of its jobs, and path → its findings."""
    registry = collect()
    configs, linter = Configs(registry, path=None), Linter(registry)
    formats: dict[str, list[str]] = {}
    found: dict[str, list[Located]] = {}
    for path in walk(str(COMPANY), configs.settings_for(str(COMPANY))):
        data = Path(path).read_bytes()
        here = Path(path).relative_to(COMPANY).as_posix()
        formats[here] = [each.format.name for each in documents_in(path, data) if each.job]
        found[here] = list(lint_data(linter, path, data, configs.settings_for(path)))
    return formats, found


def test_forty_jobs_in_the_formats_of_its_readme(
    looked: tuple[dict[str, list[str]], dict[str, list[Located]]],
) -> None:
    by_team: dict[str, Counter[str]] = {}
    for path, formats in looked[0].items():
        by_team.setdefault(path.split("/")[0], Counter()).update(formats)
    assert by_team == JOBS
    assert sum(sum(each.values()) for each in JOBS.values()) == 40


def test_no_file_is_wrong_in_its_format(
    looked: tuple[dict[str, list[str]], dict[str, list[Located]]],
) -> None:
    """Family GS0 is what a file says wrongly; old names, and models that nobody knows, are no mistake here."""
    codes = {each.finding.code for found in looked[1].values() for each in found}
    assert {code for code in codes if code < "GS100"} <= {"GS006", "GS010"}
    schema = json.loads((ROOT / "schemas/job.schema.json").read_text(encoding="utf-8"))
    for path in COMPANY.glob("platform/*.jsonc"):
        jsonschema.Draft7Validator(schema).validate(json5.loads(path.read_text(encoding="utf-8")))
    for path in COMPANY.rglob("*.y*ml"):
        assert isinstance(yaml.safe_load(path.read_text(encoding="utf-8")), dict), path


def test_it_wastes_what_it_is_meant_to(looked: tuple[dict[str, list[str]], dict[str, list[Located]]]) -> None:
    for path, codes in {**WASTE, **NOTHING}.items():
        assert {each.finding.code for each in looked[1][path]} == codes, path


def test_what_rents_a_folders_jobs_is_said_by_its_settings(
    looked: tuple[dict[str, list[str]], dict[str, list[Located]]],
) -> None:
    """A batch script names no cloud; `clouds` of its folder does: two of four idle GPUs of $4.40 an hour."""
    (idle,) = looked[1]["research/slurm/ablation.sbatch"]
    assert "2 idle, $2.20/h for nothing" in idle.finding.message
