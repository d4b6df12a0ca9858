"""A bill with reserved capacity, of the sample company: worked out by hand.

Eight A100 80GB of GCP are reserved at $2.40. Of the jobs on that GPU there (all $4.50 elsewhere) three servers are
up all month, on 4, 2 × 1 and 1 GPUs: 7 × 730 = 5,110 GPU-hours. On the eighth take turns the nightly calls (2.5 h ×
365 ÷ 12 = 76.04 h), the weekly labels (4 h × 365 ÷ 84 = 17.38 h) and the fine-tuning (2 × 6 h): 105.42 hours. The
reranker trains on four GPUs together, and finds but one: it is rented."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from gpuspec.cli.main import main

COMPANY = Path(__file__).parents[2] / "examples/company"
TURNS = 2.5 * 365 / 12 + 4 * 365 / 84 + 12
USED = 7 * 730 + TURNS
RESERVED = '\n[[reserved]]\ncloud = "gcp"\ngpu = "A100-80GB"\ncount = 8\nprice = 2.4\n'


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("reserved") / "company"
    shutil.copytree(COMPANY, folder)
    settings = folder / "gpuspec.toml"
    settings.write_text(settings.read_text(encoding="utf-8") + RESERVED, encoding="utf-8")
    return folder


def said(folder: Path, command: str) -> dict[str, Any]:
    out = folder.parent / "out.json"
    words = [command, str(folder), "--json"]
    if command == "bill":
        assert main([*words, "--output", str(out)]) == 1  # support is over its budget
    return json.loads(out.read_text(encoding="utf-8"))  # type: ignore[no-any-return]


def test_jobs_fill_it_and_the_rest_is_a_row(company: Path) -> None:
    found = said(company, "bill")
    (reserved,) = found["reserved"]
    assert reserved["gpu_hours"] == pytest.approx(USED, abs=0.01)
    assert reserved["used"] == pytest.approx(USED / 5840)
    assert reserved["unused_per_month"] == pytest.approx((5840 - USED) * 2.4, abs=0.01)
    jobs = {Path(each["path"]).name: each for each in found["jobs"]}
    assert jobs["answers-70b.yaml"]["per_month"] == 4 * 2.4 * 730
    assert jobs["answers-70b.yaml"]["per_hour"] == pytest.approx(4 * 2.4)
    assert jobs["answers-70b.yaml"]["use"].endswith("; all of it in reserved capacity")
    assert jobs["calls.yaml"]["per_month"] == pytest.approx(2.4 * 2.5 * 365 / 12, abs=0.01)
    assert jobs["train-reranker.yaml"]["per_month"] == 18 * 9
    assert [jobs[name]["reserved"] for name in ("answers-70b.yaml", "calls.yaml", "train-reranker.yaml")] == [
        1,
        1,
        0,
    ]
    assert jobs["gpuspec.toml"]["per_month"] == reserved["unused_per_month"]
    # 61,441.00 without; 5,215.42 GPU-hours cost $2.10 less each, and what nobody uses is paid for
    assert found["per_month"] == pytest.approx(61441.00 - USED * (4.5 - 2.4) + (5840 - USED) * 2.4, abs=0.02)


def test_what_is_reserved_is_paid_whatever_is_saved(company: Path) -> None:
    jobs = {Path(each["path"]).name: each for each in said(company, "bill")["jobs"]}
    assert jobs["answers-70b.yaml"]["saved_per_month"] == 0
    assert jobs["answers-staging.yaml"]["saved_per_month"] > 6000  # an H100, which is rented


def test_the_text_says_how_full_it_is(company: Path) -> None:
    out = company.parent / "out.txt"
    main(["bill", str(company), "--output", str(out)])
    text = " ".join(out.read_text(encoding="utf-8").split())
    assert (
        "reserved 8 × A100-80GB of gcp at $2.40 an hour each: 89 % used, $1,499 of $14,016 a month for nothing"
        in text
    )
    assert "a month in 38 jobs, 2 more of unknown cost" in text  # the row is no job


def test_a_plan_of_the_folder_fills_it_too(company: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main(["plan", str(company / "search"), str(company / "speech"), "--json"])
    found = json.loads(capsys.readouterr().out)
    assert found["reserved"][0]["gpu_hours"] == pytest.approx(USED, abs=0.01)
    rows = {each["job"]: each for each in found["jobs"]}
    assert (rows["voices"]["per_month"], rows["voices"]["reserved"]) == (2.4 * 730, 1)
