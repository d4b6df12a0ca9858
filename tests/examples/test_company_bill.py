"""The bill of the sample company, and what a pull request changes of it: each figure is a price of prices.csv ×
machines × hours a month, worked out here by hand. A month is 730 hours, a day comes 365 ÷ 12 times a month."""

from __future__ import annotations

import json
import shutil
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from gpuspec.cli.main import main

COMPANY = Path(__file__).parents[2] / "examples/company"

MONTH = 730
DAYS = 365 / 12
WEEKS = DAYS / 7

L4, T4, A100_GCP, H100_GCP = 0.80, 0.60, 4.50, 9.00
T4_AWS, A10G, A10G_FOUR, L40S_AWS, L40S_FOUR = 0.75, 1.20, 5.60, 2.20, 10.40
MODAL_A10G, MODAL_L40S, MODAL_A100 = 1.10, 1.95, 2.50
A100_RUNPOD, H100_RUNPOD, RTX_4090, L40S_RUNPOD = 1.60, 3.20, 0.70, 1.00
CLUSTER = 1.10
"""Dollars an hour of one GPU; of A10G_FOUR and L40S_FOUR, of a machine of four."""

BY_HAND: dict[str, dict[str, float]] = {
    "search": {
        "answers-70b.yaml": 4 * A100_GCP * MONTH,
        "answers-staging.yaml": H100_GCP * MONTH,
        "embedder.yaml": 2 * T4 * MONTH,  # replicas × price
        "nightly-index.yaml": L4 * 1.5 * DAYS,  # 0 1 * * *, an hour and a half
        "query-rewriter.yaml": 2 * A100_GCP * MONTH,
        "reranker.yaml": 3 * L4 * MONTH,
        "summarizer.yaml": L4 * MONTH,  # minReplicas 1
        "train-reranker.yaml": 4 * A100_GCP * 9,
        "weekly-labels.yaml": A100_GCP * 4 * WEEKS,  # 0 6 * * 1, four hours
    },
    "support": {
        "chat/compose.yaml": A10G * MONTH,
        "dictation/compose.yaml": A10G * MONTH,
        "tickets/compose.yaml": A10G * MONTH,
        "nightly-summaries.yaml": L40S_AWS * 1 * 5 * WEEKS,  # 30 3 * * 1-5, an hour
        "reply-drafts.yaml": A10G_FOUR * MONTH,
        "ticket-classifier.yaml": 2 * T4_AWS * MONTH,
        "translation.yaml": L40S_FOUR * MONTH,
    },
    "vision": {
        "backgrounds.py": 2 * MODAL_A100 * MONTH,  # min_containers=2
        "captions.py": MODAL_L40S * 90,
        "upscale.py": MODAL_A10G * 60,
        "detector.yaml": RTX_4090 * 14,
        "lora-products.yaml": A100_RUNPOD * 12 * 2,
    },
    "speech": {
        "asr.dstack.yml": 2 * L4 * MONTH,
        "voices.dstack.yml": A100_GCP * MONTH,
        "dev.dstack.yml": H100_GCP * 300,
        "finetune-asr.dstack.yml": A100_GCP * 2 * 6,
        "calls.yaml": A100_GCP * 2.5 * DAYS,
    },
    "research": {
        "pretrain-1b.sbatch": 4 * 8 * CLUSTER * 60,  # 4 nodes of 8 GPUs
        "sft-8b.sbatch": 8 * CLUSTER * 4 * 7,
        "grpo.sbatch": 8 * CLUSTER * 2 * 20,
        "ablation.sbatch": 4 * CLUSTER * 8 * 6,
        "eval.sbatch": CLUSTER * 20 * 2,
        "qlora-70b.yaml": 4 * A100_RUNPOD * 2 * 9,
        "distill.yaml": 8 * H100_RUNPOD * 12,
        "notebook.yaml": H100_RUNPOD * 160,  # interactive: 160 hours of work, an assumption that is said
    },
    "platform": {
        "code-assistant.gpuspec.jsonc": L40S_RUNPOD * 220,
        "gateway-chat.gpuspec.jsonc": RTX_4090 * MONTH,  # one machine does for the busiest hour
        "load-test.gpuspec.jsonc": RTX_4090 * 8,
        "nightly-digest.gpuspec.jsonc": H100_RUNPOD * 30,
    },
}
"""Team → the end of a job's path → dollars a month."""
UNKNOWN = {"vision/sky/caption-backlog.yaml", "platform/gpu.jsonc"}
"""How long the backlog takes nobody says, and of the party's demo not even what it is: they count as unknown, not as
nothing."""

TEAMS = {team: sum(jobs.values()) for team, jobs in BY_HAND.items()}
TOTAL = sum(TEAMS.values())
BUDGETS = {
    "search": 30000,
    "support": 15000,
    "vision": 5000,
    "speech": 10000,
    "research": 6000,
    "platform": 1000,
}


@cache
def bill(folder: str) -> dict[str, Any]:
    out = Path(folder).parent / "bill.json"
    assert main(["bill", folder, "--json", "--output", str(out)]) in (0, 1)
    return json.loads(out.read_text(encoding="utf-8"))  # type: ignore[no-any-return]


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("company") / "base"
    shutil.copytree(COMPANY, folder)
    return folder


def test_the_arithmetic_itself() -> None:
    """The sums on paper, so that no slip of the table above goes unnoticed."""
    assert {team: round(dollars, 2) for team, dollars in TEAMS.items()} == {
        "search": 29768.71,
        "support": 15450.80,
        "vision": 3939.70,
        "speech": 7549.19,
        "research": 3900.00,
        "platform": 832.60,
    }
    assert round(TOTAL, 2) == 61441.00


def test_every_job_costs_what_was_worked_out(base: Path) -> None:
    jobs = {each["path"]: each for each in bill(str(base))["jobs"]}
    for team, expected in BY_HAND.items():
        mine = {path: each for path, each in jobs.items() if f"/{team}/" in path}
        for end, dollars in expected.items():
            (path,) = (path for path in mine if path.endswith(f"/{end}"))
            assert mine[path]["per_month"] == pytest.approx(dollars, abs=0.006), path
            assert mine[path]["labels"]["team"] == team
    unknown = {path.partition("/base/")[2] for path, each in jobs.items() if each["per_month"] is None}
    assert unknown == UNKNOWN
    assert len(jobs) == 40


def test_the_bill_its_groups_and_its_budgets(base: Path) -> None:
    found = bill(str(base))
    assert found["per_month"] == pytest.approx(TOTAL, abs=0.01)
    assert found["unknown_jobs"] == 2
    teams = {each["name"]: each["per_month"] for each in found["groups"] if each["by"] == "team"}
    assert teams == pytest.approx(TEAMS, abs=0.01)
    lines = {each["name"]: each for each in found["budgets"]}
    assert lines[None]["used"] == pytest.approx(TOTAL / 65000)
    for team, monthly in BUDGETS.items():
        assert (lines[team]["monthly"], lines[team]["used"]) == (
            monthly,
            pytest.approx(TEAMS[team] / monthly),
        )
    # 95 % of all; 99, 103, 79, 75, 65 and 83 %
    reached = {name: each["reached"] for name, each in lines.items()}
    assert reached == {
        None: 0.9, "search": 0.9, "support": 1.0, "vision": 0.7, "speech": 0.7, "research": None, "platform": 0.7,
    }  # fmt: skip


def test_a_budget_that_is_broken_is_exit_1(base: Path) -> None:
    assert main(["bill", str(base), "--output", str(base.parent / "text")]) == 1
    assert "of $15,000 a month of team support: 103 %, $451 over it" in (base.parent / "text").read_text()


def test_the_page_says_the_same(base: Path) -> None:
    page = base.parent / "bill.html"
    assert main(["bill", str(base), "--format", "html", "--output", str(page)]) == 1
    said = page.read_text(encoding="utf-8")
    assert "<h1><span>$61,441</span> a month</h1>" in said
    assert "over by $451" in said  # of support
    assert said.count('class="place"') == 40


def test_what_could_be_saved(base: Path) -> None:
    jobs = {Path(each["path"]).name: each for each in bill(str(base))["jobs"]}

    def saves(job: str, code: str) -> float:
        return next(float(each["alone_per_month"]) for each in jobs[job]["savings"] if each["code"] == code)

    # three of four GPUs idle, and an A10G alone is $1.20: what they cost by the share of the machine
    assert saves("reply-drafts.yaml", "GS105") == pytest.approx((A10G_FOUR - A10G) * MONTH)
    assert saves("ablation.sbatch", "GS105") == pytest.approx(2 * CLUSTER * 48)
    assert saves("train-reranker.yaml", "GS501") == pytest.approx(
        (18 - 8) * 9
    )  # spot of the same machine: $8
    assert saves("answers-staging.yaml", "GS101") == pytest.approx((H100_GCP - L4) * MONTH)
    assert saves("answers-70b.yaml", "GS201") == pytest.approx((4 - 1) * A100_GCP * MONTH)  # in 4 bit on one


def pull_request(folder: Path) -> float:
    """What somebody proposes; returns dollars a month that it adds."""

    def edited(path: str, *changes: tuple[str, str]) -> None:
        text = (folder / path).read_text(encoding="utf-8")
        for old, new in changes:
            assert old in text
            text = text.replace(old, new)
        (folder / path).write_text(text, encoding="utf-8")

    # an L4 holds 7 B: two replicas
    edited("search/query-rewriter.yaml", ("nvidia-a100-80gb", "nvidia-l4"))
    # one GPU, as vLLM uses one
    edited(
        "support/k8s/reply-drafts.yaml",
        ("g5.12xlarge", "g5.2xlarge"),
        ("nvidia.com/gpu: 4", "nvidia.com/gpu: 1"),
    )
    # a third replica
    edited("speech/asr.dstack.yml", ("replicas: 2", "replicas: 3"))
    # the whole of it once more, for Europe
    text = (folder / "search/answers-70b.yaml").read_text(encoding="utf-8")
    (folder / "search/answers-eu.yaml").write_text(
        text.replace("answers-70b", "answers-eu"), encoding="utf-8"
    )
    (folder / "vision/modal/upscale.py").unlink()
    return (
        2 * (L4 - A100_GCP) * MONTH
        + (A10G - A10G_FOUR) * MONTH
        + L4 * MONTH
        + 4 * A100_GCP * MONTH
        - MODAL_A10G * 60
    )


def test_the_diff_of_a_pull_request(base: Path) -> None:
    head, out = base.parent / "head", base.parent / "diff.json"
    shutil.copytree(base, head)
    added = pull_request(head)
    assert round(added, 2) == 5044.00
    words = ["diff", str(base), str(head), "--json", "--output", str(out)]
    assert main([*words, "--fail-above", "+10%"]) == 0  # 5,044 of 61,441 is 8 %
    assert main([*words, "--fail-above", "+5000/month"]) == 1
    found = json.loads(out.read_text(encoding="utf-8"))
    month = found["total"]["per_month"]
    assert month["before"] == pytest.approx(TOTAL, abs=0.01)
    assert month["after"] == pytest.approx(TOTAL + added, abs=0.01)
    changed = {
        each["path"]: tuple(side and side["per_month"] for side in (each["before"], each["after"]))
        for each in found["jobs"]
    }
    assert changed == {
        "search/query-rewriter.yaml": (pytest.approx(6570), pytest.approx(1168)),
        "search/answers-eu.yaml": (None, pytest.approx(13140)),
        "support/k8s/reply-drafts.yaml": (pytest.approx(4088), pytest.approx(876)),
        "speech/asr.dstack.yml": (pytest.approx(1168), pytest.approx(1752)),
        "vision/modal/upscale.py": (pytest.approx(66), None),
    }
    new = {(each["path"], each["code"]) for each in found["new"]}
    assert ("search/answers-eu.yaml", "GS201") in new
    gone = {(each["path"], each["code"]) for each in found["fixed"]}
    assert ("support/k8s/reply-drafts.yaml", "GS105") in gone
