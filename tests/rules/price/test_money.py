"""The money rules against arithmetic by hand, at the 2025 table ($0.44/h for an RTX 4090, $0.95 for an L40S) or made
prices."""

from __future__ import annotations

from pathlib import Path

import pytest
from one_rule import found, price_list

from gpuspec import resolve_gpu, resolve_model
from gpuspec.catalog import Catalog
from gpuspec.catalog.snapshot import HEADER
from gpuspec.job.job import Traffic
from gpuspec.planning.traffic import load
from gpuspec.rules.price.api_cheaper import ApiCheaper
from gpuspec.rules.price.no_price_cap import NoPriceCap
from gpuspec.rules.price.over_budget import OverBudget
from gpuspec.rules.price.single_choice import SingleChoice
from gpuspec.rules.price.spot_for_sla import SpotForSla
from gpuspec.rules.price.spot_would_do import SpotWouldDo
from gpuspec.rules.price.stale_prices import StalePrices
from gpuspec.workload import Workload

LLAMA = "meta-llama/Llama-3.1-8B-Instruct"


@pytest.fixture
def spot_list(tmp_path: Path) -> str:
    """An RTX 4090 at $0.50 on demand and $0.20 as spot; an L40S at $0.90 and $0.80."""
    return price_list(tmp_path, ("RTX4090", 1, 0.50, 0.20), ("L40S", 1, 0.90, 0.80))


def test_spot_saves_thirty_cents(spot_list: str) -> None:
    (one,) = found(SpotWouldDo, {"task": "batch"}, prices=spot_list)
    assert one.saving
    assert one.saving.per_hour == pytest.approx(0.50 - 0.20)
    assert one.saving.per_month is None  # a batch job does not run all month
    assert "60 % less" in one.message  # 0.30 / 0.50


def test_spot_of_a_ninth_less_is_not_worth_it(spot_list: str) -> None:
    batch = {"task": "batch", "gpu_types": ["L40S"]}
    assert found(SpotWouldDo, batch, prices=spot_list) == []  # 0.10 / 0.90 = 11 %
    assert found(SpotWouldDo, batch, prices=spot_list, min_saving=0.1) != []


@pytest.mark.parametrize("task", ["serve", "interactive", "train"])
def test_spot_is_not_for_what_cannot_be_interrupted(task: str, spot_list: str) -> None:
    assert found(SpotWouldDo, {"task": task}, prices=spot_list) == []


def test_spot_of_a_gpu_below_min_vram_is_no_choice(spot_list: str) -> None:
    either = {"task": "batch", "gpu_types": ["RTX 4090", "L40S"]}
    assert found(SpotWouldDo, either, prices=spot_list) != []
    assert found(SpotWouldDo, {**either, "min_vram": 40}, prices=spot_list) == []  # the RTX 4090 has 24 GB


def test_an_unknown_task_is_left_alone(spot_list: str) -> None:
    assert found(SpotWouldDo, {}, prices=spot_list) == []


def test_the_price_of_safety_is_said(spot_list: str) -> None:
    (one,) = found(SpotForSla, {"task": "serve", "spot": "only"}, prices=spot_list)
    assert "$0.20/h as spot, $0.50/h on demand" in one.message
    assert found(SpotForSla, {"task": "serve", "spot": "allowed"}, prices=spot_list) == []


def test_the_budget_is_added_up_by_hand() -> None:
    fields = {"budget": {"max_hours": 100, "max_total": 20}, "keep_alive_minutes": 30, "disk_gb": 100}
    (one,) = found(OverBudget, fields)
    run, idle, disk = 100 * 0.44, 0.5 * 0.44, 100 * 0.10 / 730 * 100.5
    assert f"${run + idle + disk:.2f}" in one.message  # 44.00 + 0.22 + 1.38 = 45.60
    assert f"${run + idle + disk - 20:.2f} over" in one.message
    # What 20 dollars pay for: (20 - 0.5 h of idling) / (0.44 + 0.0137 of disk) = 43.58 h
    assert one.suggestion == "max_total pays for 43.5 h"
    assert one.severity == "error"


def test_a_budget_that_is_met_to_the_cent() -> None:
    exact = {"budget": {"max_hours": 10, "max_total": 4.422}, "keep_alive_minutes": 3}  # 4.40 + 0.022
    assert found(OverBudget, exact) == []
    assert found(OverBudget, {**exact, "budget": {"max_hours": 10, "max_total": 4.40}}) != []


def test_only_max_price_breaks_the_budget() -> None:
    (one,) = found(OverBudget, {"max_price": 1.0, "budget": {"max_hours": 30, "max_total": 20}})
    assert one.severity == "warning"  # 30 × 0.44 = 13.20 fits, 30 × 1.00 does not
    assert "$30.05" in one.message  # 30 + 3 min × $1.00/h


def test_the_cap_leaves_every_choice_open() -> None:
    (one,) = found(NoPriceCap, {"gpu_types": ["RTX 4090", "L40S"]})
    assert one.fix
    assert one.fix.edits[0].value == pytest.approx(1.05)  # 0.95 × 1.1 = 1.045, up to the next 5 cents


def test_an_api_for_ten_thousand_requests() -> None:
    """Who hosts the same model cheapest (DeepInfra, $0.02 and $0.04 a million); where nobody does, what is weighed
    against a model of its size (gpt-4o-mini, $0.15 and $0.60)."""
    traffic = {"requests_per_day": 10_000, "input_tokens": 800, "output_tokens": 300}
    other = "mistralai/Mistral-7B-v0.1"
    for model, api, who in (
        (
            LLAMA,
            10_000 * (800 * 0.02 + 300 * 0.04) / 1e6,
            "DeepInfra meta-llama/Meta-Llama-3.1-8B-Instruct-Turbo",
        ),
        (other, 10_000 * (800 * 0.15 + 300 * 0.60) / 1e6, "OpenAI gpt-4o-mini"),
    ):
        fields = {"task": "serve", "model": model, "gpu_types": ["L40S"], "traffic": traffic}
        (one,) = found(ApiCheaper, {**fields, "run": f"vllm serve {model} --max-model-len 4096"})
        assert api == pytest.approx(0.28 if model == LLAMA else 3.0)
        assert f"${api:.2f} through {who}" in one.message
        assert f"${24 * 0.95:.2f}" in one.message
        assert one.saving
        assert one.saving.per_hour == pytest.approx((24 * 0.95 - api) / 24)


def test_many_requests_or_a_few_hours_are_cheaper_at_home() -> None:
    model = "Qwen/Qwen2.5-14B-Instruct"  # Together, $0.80 a million tokens
    fields = {
        "task": "serve",
        "model": model,
        "gpu_types": ["L40S"],
        "run": f"vllm serve {model} --max-model-len 4096",
    }
    many = {"requests_per_day": 100_000, "input_tokens": 800, "output_tokens": 300}  # $88 by API, $22.80 here
    assert found(ApiCheaper, {**fields, "traffic": many}) == []
    few = {**many, "requests_per_day": 10_000}  # $8.80 by API; 3 h × $0.95 = $2.85 here
    assert found(ApiCheaper, {**fields, "traffic": few, "budget": {"max_hours": 3}}) == []
    # 73 of 730 hours are 2.4 a day: at most two machines' $4.56.
    assert found(ApiCheaper, {**fields, "traffic": few, "schedule": {"hours_per_month": 73}}) == []


def test_capacity_counts() -> None:
    """A machine answers only so many; twice the requests at capacity take twice the machines."""
    gpu = resolve_gpu("L40S").gpu
    model = resolve_model(LLAMA).model
    assert gpu
    work = Workload(task="serve", engine="vllm", model=model, params_b=8.03, context=4096)
    one = load(work, gpu, 1, Traffic(100_000, 800, 300))
    assert one
    full = load(work, gpu, 1, Traffic(one.per_hour * 24 * 2.5, 800, 300))
    assert full
    assert (one.machines, full.machines) == (1, 3)
    assert full.busy == pytest.approx(24 * 2.5)
    # Bound: 64 sequences share one read of the weights; more than bandwidth allows cannot come out.
    assert gpu.bandwidth_gbs
    assert one.per_hour < 64 * gpu.bandwidth_gbs / 15 / 300 * 3600
    assert load(work, gpu, 1, Traffic(None, 800, 300)) is None
    assert load(work, gpu, 1, Traffic(1000, None, 300)) is None


def test_a_second_choice_is_named_only_where_the_need_is_known(spot_list: str) -> None:
    assert found(SingleChoice, {"clouds": ["runpod"]}, prices=spot_list) == []  # nothing else is known to do
    fields = {
        "clouds": ["runpod"],
        "gpu_types": ["L40S"],
        "run": "vllm serve Qwen/Qwen2.5-7B-Instruct --max-model-len 4096",
    }
    (known,) = found(SingleChoice, {**fields, "task": "serve"}, prices=spot_list)
    assert known.fix
    assert known.fix.edits[0].value == "RTX 4090"
    assert found(SingleChoice, {"clouds": ["runpod", "vast"]}, prices=spot_list) == []


def test_the_same_gpu_on_another_cloud_is_a_choice(tmp_path: Path) -> None:
    """$0.50 and $0.70 an hour: 1.4 times the price, within the 1.5 that a fallback may cost."""
    day = "# source\tmine\t2026-11-01\t\ta letter\trentable"
    rows = "runpod\tm1\tRTX 4090\t1\t\t\t\t0.5\t\t\t\t\tmine\t\nlambda\tm2\tRTX 4090\t1\t\t\t\t0.7\t\t\t\t\tmine\t\n"
    path = tmp_path / "team.tsv"
    path.write_text(f"{HEADER}\n{day}\n{rows}")
    here = {"clouds": ["runpod"], "gpu_types": ["RTX 4090"]}
    (one,) = found(SingleChoice, here, prices=str(path))
    assert "lambda has it at $0.70/h (now $0.50/h)" in one.message
    assert one.fix
    assert one.fix.edits[0].value == "lambda"
    assert found(SingleChoice, here, prices=str(path), most=1.3) == []


def test_old_is_reckoned_from_what_is_known_not_from_the_clock() -> None:
    assert found(StalePrices, {}, today="2025-04-01") == []  # 90 days after 2025-01-01: not yet
    (one,) = found(StalePrices, {}, today="2025-04-02")
    assert "91 days" in one.message
    assert found(StalePrices, {}, prices="skypilot-runpod") == []


def test_only_the_price_that_decides_is_looked_at(tmp_path: Path) -> None:
    """The list of the dearer choice may be as old as it likes."""
    old, new = (
        f"# source\t{name}\t{day}\t\ta letter\trentable"
        for name, day in (("old", "2026-01-01"), ("new", "2026-11-01"))
    )
    rows = (
        "lambda\tm1\tRTX 4090\t1\t\t\t\t0.9\t\t\t\t\told\t\n"
        "lambda\tm2\tL40S\t1\t\t\t\t0.5\t\t\t\t\tnew\t\n"
        "azure\tm3\tA10\t1\t\t\t\t0.9\t\t\t\t\told\t\n"
    )
    path = tmp_path / "team.tsv"
    path.write_text(f"{HEADER}\n{old}\n{new}\n{rows}")
    batch = {"task": "batch", "gpu_types": ["RTX 4090", "L40S"]}
    assert found(StalePrices, batch, prices=str(path), today="2026-11-30") == []
    (one,) = found(StalePrices, {**batch, "gpu_types": ["A10"]}, prices=str(path), today="2026-11-30")
    assert "the price of A10 is of 2026-01-01 (old), 333 days before 2026-11-30" in one.message
    assert one.suggestion == (
        f"run `gpuspec prices update --cloud azure`, then `gpuspec prices export --out {path}`"
    )


def test_a_newer_gpuspec_makes_the_prices_of_a_team_old(tmp_path: Path) -> None:
    """What ships counts, though its prices are not in force; what this user fetched does not."""
    path = tmp_path / "team.tsv"
    row = "lambda\tm1\tRTX 4090\t1\t\t\t\t0.9\t\t\t\t\tours\t\n"
    path.write_text(f"{HEADER}\n# source\tours\t2026-01-01\t\ta letter\trentable\n{row}")
    (one,) = found(StalePrices, {"gpu_types": ["RTX 4090"]}, prices=str(path))
    assert f"days before {Catalog().newest_day}" in one.message


def test_prices_of_ones_own_have_no_date(spot_list: str) -> None:
    assert found(StalePrices, {"task": "batch"}, prices=spot_list, today="2099-01-01") == []


@pytest.mark.parametrize(
    ("hours", "total", "idle", "sure"),
    [
        (39, 19.5, 3, "low"),  # 39 × $0.50 are the budget: three minutes and the disk are over it
        (20, 10, 30, "low"),  # half an hour beside twenty: 2.5 %
        (100.5, 50, 0, "low"),  # half a per cent, of the hours themselves
        (44, 20, 3, "high"),  # the hours are $22
        (1, 0.6, 60, "high"),  # the idle hour is as dear as the work
        (41, 20, 30, "high"),  # $20.50 for the hours alone
    ],
)
def test_cents_over_a_budget_are_no_error(
    spot_list: str, hours: float, total: float, idle: float, sure: str
) -> None:
    job = {
        "gpu_types": ["RTX 4090"],
        "budget": {"max_hours": hours, "max_total": total},
        "keep_alive_minutes": idle,
        "disk_gb": 10,
    }
    (one,) = found(OverBudget, job, prices=spot_list)
    assert one.confidence == sure
    assert (one.severity == "error") is (sure == "high")
