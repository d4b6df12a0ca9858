"""The bill of forty strangers' jobs, held against what an expert wrote down before it was first run over them.

`billed/expected.jsonl`: `machine_hours` a month (a product that says where it comes from), `gpus` of one machine, and
`month`, dollars, as price × hours by the price table that shipped then, or "unknown: price", "unknown: hours".
`accept` is what a reviewer would take as well; `first_run` says how the first run was judged: 27 right, 6 both
fair, 7 wrong.
"""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import pytest

from benchmarks.judgement import STRANGERS, shipped_then
from gpuspec.catalog import Catalog
from gpuspec.cli.billed_jobs import Biller
from gpuspec.cli.main import main
from gpuspec.cli.open_case import CaseOptions
from gpuspec.planning.bill import JobBill
from gpuspec.planning.case import JobOverrides

BILLED = Path(__file__).parent / "billed"
EXPECTED: list[dict[str, Any]] = [
    json.loads(line) for line in (BILLED / "expected.jsonl").open(encoding="utf-8")
]
AS_WRITTEN = JobOverrides()
L4 = JobOverrides(clouds=("gcp",), assume_gpu="L4")


@pytest.fixture(scope="module")
def catalog(tmp_path_factory: pytest.TempPathFactory) -> Catalog:
    """At the prices that shipped when the labels were written."""
    data = tmp_path_factory.mktemp("data")
    (data / "prices.tsv").write_bytes(shipped_then())
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GPUSPEC_DATA_DIR", str(data))
        catalog = Catalog()
        catalog.offers(None, ())
    return catalog


def billed(catalog: Catalog, path: Path, job: JobOverrides = AS_WRITTEN) -> list[JobBill]:
    biller = Biller(CaseOptions(job=job, isolated=True), catalog=catalog)
    biller.read([str(path)])
    assert not biller.errors
    return list(biller.bill().jobs)


def overrides(options: list[str]) -> JobOverrides:
    given = dict(zip(options[::2], options[1::2], strict=True))
    cloud = given.get("--cloud")
    return JobOverrides(clouds=(cloud,) if cloud else (), assume_gpu=given.get("--assume-gpu"))


def worth(product: str) -> float:
    """ "4 * 730 * 0.70", "365 / 12 * 2"."""
    first, *rest = product.split(" * ")
    whole, _, part = first.partition(" / ")
    return math.prod([float(whole) / float(part or 1), *map(float, rest)])


@pytest.mark.parametrize("row", EXPECTED, ids=[row["file"] for row in EXPECTED])
def test_a_bill_says_what_an_expert_says(row: dict[str, Any], catalog: Catalog) -> None:
    folder = BILLED if row["file"].startswith("corpus/") else STRANGERS
    jobs = billed(catalog, folder / row["file"], overrides(row["options"]))
    months = [job.per_month for job in jobs]
    if row["month"].startswith("unknown") and None not in months:
        assert row["accept"], f"{months} dollars, and it is {row['month']}"
    if None in months:
        assert row["month"].startswith("unknown"), jobs[0].unknown
        for missing, said in (("price", "rented"), ("hours", "not known:")):
            assert (missing in row["month"]) == (said in jobs[0].unknown), jobs[0].unknown
    else:
        fair = [worth(each) for each in (row["month"], *row["accept"]) if not each.startswith("unknown")]
        total = sum(filter(None, months))
        assert any(total == pytest.approx(each, rel=0.002) for each in fair), (total, fair)
    if len(jobs) == 1 and "assume" not in jobs[0].use.why:
        hours = jobs[0].use.hours
        if row["machine_hours"] == "unknown":
            assert hours is None or row["accept"]
        elif not (row["accept"] and months[0]):
            assert hours is not None
            assert hours * jobs[0].machines == pytest.approx(worth(row["machine_hours"]), rel=0.001)
        assert jobs[0].gpus_each in (0, row["gpus"])


def test_the_containers_of_a_pod_get_gpus_of_their_own_on_one_node(catalog: Catalog) -> None:
    jobs = billed(catalog, STRANGERS / "second/k8s-statefulset-two-vllm.yaml", L4)
    assert [job.machine for job in jobs] == ["2 × L4", "L4"]
    assert [job.per_month for job in jobs] == [pytest.approx(730 * 1.994281, rel=1e-5), 0]


def test_every_task_of_an_array_has_a_machine_and_the_whole_limit(catalog: Catalog) -> None:
    (job,) = billed(catalog, STRANGERS / "slurm-array-sound.sbatch", L4)
    assert job.per_run == job.per_month == pytest.approx(10 * 4 * 0.704518, rel=1e-5)
    assert job.use.at_most
    assert "10 of 4 h" in job.use.why


def test_a_machine_above_max_price_is_not_billed(catalog: Catalog) -> None:
    """An RTX 4090 ($0.74) stands first and may cost $0.70: the RTX 3090 ($0.50) after it runs. Of the other job, no
    machine is cheap enough to start."""
    (lora,) = billed(catalog, STRANGERS / "kohya-sdxl-lora/gpu.jsonc")
    assert (lora.machine, lora.per_hour) == ("RTX 3090", 0.50)
    (never,) = billed(catalog, STRANGERS / "price-cap-below-market.jsonc")
    assert never.per_month is None
    assert never.unknown.endswith("more than max_price: none starts")


@pytest.mark.parametrize(
    ("hours", "saved"), [("", 1 - 40 / 168), (', "schedule": {"hours_per_month": 160}', None)]
)
def test_hours_are_saved_of_what_nobody_says_is_short(
    hours: str, saved: float | None, catalog: Catalog, tmp_path: Path
) -> None:
    """A staging server that is up 160 h a month is up no longer than somebody works: 40 h a week are 174 h."""
    job = tmp_path / "staging.jsonc"
    job.write_text(
        '{"name": "chat-staging", "task": "serve", "gpu_types": ["L4"], "clouds": ["gcp"], "keep_alive_minutes": 30,'
        ' "scaling": {"min": 1, "max": 3}, "run": "python serve.py"' + hours + "}",
        encoding="utf-8",
    )
    (bill,) = billed(catalog, job)
    month = (160 if hours else 730) * 0.704518
    assert bill.per_month == pytest.approx(month, rel=1e-5)
    adds = [step.adds for step in bill.savings if step.kind == "hours"]
    assert adds == ([] if saved is None else [pytest.approx(month * saved, rel=1e-5)])


def test_a_plan_of_a_file_says_what_its_bill_says(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = (STRANGERS / "compose-two-on-two-sound.yaml").read_text(encoding="utf-8")
    (tmp_path / "compose.yaml").write_text(text, encoding="utf-8")
    options = ["--cloud", "gcp", "--assume-gpu", "L4", "--isolated", "--json"]
    out = tmp_path / "bill.json"
    assert main(["bill", str(tmp_path), *options, "--output", str(out)]) == 0
    bill = json.loads(out.read_text(encoding="utf-8"))
    main(["plan", str(tmp_path), *options])
    plan = json.loads(capsys.readouterr().out)
    assert plan["per_month"] == pytest.approx(bill["per_month"])
    assert [job["per_month"] for job in plan["jobs"]] == [job["per_month"] for job in bill["jobs"]]
