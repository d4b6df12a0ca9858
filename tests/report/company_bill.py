"""The bill of a company, written by hand: what pages are made of in tests. Sums are in test_bill_html.py."""

from __future__ import annotations

from typing import NamedTuple

from gpuspec.planning.bill import Bill, BudgetLine, JobBill, MonthlyUse, SavingKind, SavingStep
from gpuspec.planning.bill_groups import groups

ALL_MONTH = MonthlyUse(hours=730, runs=None, hours_each=None, why="a server runs all month", assumed=True)


def runs(count: float, hours: float, why: str, *, at_most: bool = False, assumed: bool = False) -> MonthlyUse:
    return MonthlyUse(count * hours, count, hours, why, assumed=assumed, at_most=at_most)


def step(
    code: str, name: str, message: str, kind: SavingKind, alone: float, adds: float, advice: str = ""
) -> SavingStep:
    return SavingStep(code, name, message, 4, kind, alone, adds, advice)


SMALLER = ("GS101", "over-provisioned-gpu")
SPOT = ("GS203", "use-spot")
IDLE = ("GS503", "idle-server")


class _Row(NamedTuple):
    team: str
    name: str
    machine: str
    cloud: str
    per_hour: float
    use: MonthlyUse
    savings: tuple[SavingStep, ...] = ()


NOTEBOOK = MonthlyUse(160, None, None, "interactive: 160 h a month", assumed=True)
ROWS = (
    _Row(
        "search",
        "query-embedder",
        "1x H100-80GB",
        "aws",
        6.88,
        ALL_MONTH,
        (
            step(
                *SMALLER,
                "e5-large needs 3.1 of 80 GiB: an L4 (24 GiB) serves it at $0.80 an hour",
                "machine",
                4438,
                4438,
                "use an L4",
            ),
            step(
                *SPOT,
                "is stateless and has two replicas: spot saves 58 % of what is left",
                "price",
                2913,
                339,
            ),
        ),
    ),
    _Row(
        "search",
        "reranker",
        "2x A100-80GB",
        "gcp",
        10.15,
        ALL_MONTH,
        (
            step(
                *IDLE,
                "answers 40 requests an hour: scale to zero between 20:00 and 07:00",
                "hours",
                3396,
                3396,
            ),
        ),
    ),
    _Row(
        "search",
        "index-nightly",
        "8x A100-80GB",
        "aws",
        40.97,
        runs(30, 2.5, "schedule `0 2 * * *`, 3 measured runs"),
        (step(*SPOT, "checkpoints every 10 minutes: spot costs $16.40 an hour", "price", 1843, 1843),),
    ),
    _Row("search", "eval-weekly", "1x L4", "gcp", 0.8, runs(4.35, 3, "schedule `@weekly`")),
    _Row(
        "vision",
        "train-detector",
        "8x H100-80GB",
        "lambda",
        23.92,
        runs(2, 96, "per-file-usage of vision/"),
        (
            step(
                "GS402",
                "slow-attention",
                "eager attention: flash attention 2 does 1.6 times the work an hour",
                "work",
                1722,
                1722,
            ),
        ),
    ),
    _Row("vision", "label-studio", "1x T4", "azure", 0.53, NOTEBOOK),
    _Row(
        "vision", "segment-backfill", "4x L40S", "runpod", 3.44, runs(1, 72, "budget.max_hours", at_most=True)
    ),
    _Row("vision", "ocr", "1x L4", "gcp", 0.8, ALL_MONTH),
    _Row(
        "assistant",
        "chat-70b",
        "4x H100-80GB",
        "aws",
        27.52,
        ALL_MONTH,
        (
            step(
                *SMALLER, "Llama 3.3 70B in FP8 needs 96 of 320 GiB: 2x H100-80GB do", "machine", 10045, 10045
            ),
            step(
                *IDLE, "nobody asks at night: two machines of four suffice for 11 hours", "hours", 9207, 4604
            ),
        ),
    ),
    _Row("assistant", "chat-8b", "1x L40S", "runpod", 0.86, ALL_MONTH),
    _Row(
        "assistant", "finetune-lora", "1x A100-80GB", "lambda", 1.79, runs(12, 6, "schedule.runs_per_month")
    ),
    _Row(
        "assistant",
        "guard",
        "1x A10G",
        "aws",
        1.01,
        ALL_MONTH,
        (
            step(
                *SMALLER,
                "a classifier of 0.3 B parameters answers 200 requests a second on the CPU",
                "machine",
                600,
                600,
            ),
        ),
    ),
    _Row(
        "speech",
        "whisper-batch",
        "4x A10G",
        "aws",
        5.67,
        runs(22, 4, "schedule: workdays"),
        (step(*SPOT, "each file is done on its own: spot costs $2.10 an hour", "price", 314, 314),),
    ),
    _Row("speech", "tts", "1x L4", "gcp", 0.8, ALL_MONTH),
    _Row("speech", "diarize", "1x T4", "azure", 0.53, runs(30, 1, "schedule `@daily`")),
    _Row(
        "research",
        "sweep-moe",
        "16x H200",
        "coreweave",
        100.8,
        runs(1, 40, "budget.max_hours", at_most=True),
        (
            step(
                "GS210", "cheaper-region", "the same machine costs 12 % less in us-east-06", "price", 484, 484
            ),
        ),
    ),
    _Row(
        "research",
        "notebook-ada",
        "1x A100-80GB",
        "gcp",
        5.07,
        NOTEBOOK,
        (
            step(
                "GS505",
                "idle-notebook",
                "stays up 10 hours after the last cell: stop it after 30 minutes",
                "hours",
                250,
                250,
            ),
        ),
    ),
    _Row("research", "notebook-grace", "1x L4", "gcp", 0.8, NOTEBOOK),
    _Row("", "smoke-test", "1x T4", "azure", 0.53, runs(200, 0.1, "workflow: on every push", assumed=True)),
)
NO_PRICE = "no price of 8x B300 is known: add one to private-prices"
NO_HOURS = (
    "how long a run takes is not known: say `estimated_hours` in the job, or per-file-usage in gpuspec.toml"
)
UNKNOWN = (("research", "pretrain-next", "8x B300", NO_PRICE), ("speech", "align", "2x A10G", NO_HOURS))
BUDGETS = {
    ("", ""): 60_000.0,
    ("team", "assistant"): 20_000.0,
    ("team", "search"): 16_000.0,
    ("team", "vision"): 10_000.0,
}
STEPS = (0.7, 0.9, 1.0)


def _jobs() -> list[JobBill]:
    jobs = []
    for row in ROWS:
        number, _, gpu = row.machine.partition("x ")
        job = JobBill(
            path=f"{row.team or 'ci'}/{row.name}.jsonc",
            line=1,
            job=row.name,
            format="gpuspec",
            task="serve" if row.use is ALL_MONTH else "interactive" if row.use is NOTEBOOK else "batch",
            machine=row.machine,
            cloud=row.cloud,
            gpu=gpu,
            gpus=int(number),
            labels={"team": row.team} if row.team else {},
            use=row.use,
            per_hour=row.per_hour,
            per_run=row.per_hour * row.use.hours_each if row.use.hours_each else None,
            per_month=row.per_hour * (row.use.hours or 0),
            savings=row.savings,
        )
        jobs.append(job)
    return sorted(jobs, key=lambda job: -(job.per_month or 0))


def _unknown() -> list[JobBill]:
    nothing = MonthlyUse(None, None, None, "not known")
    return [
        JobBill(
            f"{team}/{name}.yaml", 3, name, "kubernetes", "train", machine, "", machine[3:], 8, {"team": team},
            nothing, None, None, None, None, (), why,
        )
        for team, name, machine, why in UNKNOWN
    ]  # fmt: skip


def company() -> Bill:
    """Nineteen jobs with a known cost and two without, of five teams."""
    jobs = _jobs()
    total = sum(job.per_month or 0 for job in jobs)
    jobs = [job._replace(share=(job.per_month or 0) / total) for job in jobs] + _unknown()
    budgets = []
    for (by, name), monthly in BUDGETS.items():
        spent = sum(job.per_month or 0 for job in jobs if not by or job.labels.get("team") == name)
        reached = max((each for each in STEPS if spent / monthly >= each), default=None)
        budgets.append(BudgetLine(by, name, monthly, spent, STEPS, reached))
    assumptions = (
        "8 servers run all month (730 h); say `schedule` or `scaling` in the job where they do not.",
        "3 interactive jobs are used 160 h a month.",
        "1 job runs once for every push: 200 a month, of the folder's setting.",
    )
    prices = "on demand, of the list that ships with gpuspec, 2026-11-20"
    return Bill(
        tuple(jobs),
        groups(jobs, ("team", "folder", "cloud", "gpu")),
        tuple(budgets),
        assumptions,
        prices,
        (("old/broken.yaml", "not YAML: line 3"),),
    )
