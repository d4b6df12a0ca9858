"""How long a job takes, for how many hours a month it is paid, and that no finding makes its work dearer."""

from __future__ import annotations

import json
import re
from itertools import product

import pytest

from gpuspec.catalog import Catalog, Gpu
from gpuspec.job.job import Budget, Job, Scaling, Schedule
from gpuspec.planning.alternatives import Alternative
from gpuspec.planning.job_length import Hours, hours_of, large, length
from gpuspec.rules.quantization.kv_dtype import KvCacheDtype
from gpuspec.rules.quantization.missing import MissingQuantization
from gpuspec.rules.quantization.qlora import QloraWouldDo
from gpuspec.rules.sizing.over_provisioned import OverProvisionedGpu
from gpuspec.rules.sizing.too_many import TooManyGpus
from gpuspec.sizing.speed.rates import Range, WorkAsked, WorkRate
from gpuspec.testing import lint_text
from gpuspec.workload import Workload

TEN_MILLION = WorkAsked("tokens trained", Range(10e6, 10e6, 10e6), "by hand")
RATE = WorkRate("tokens trained", Range(500, 1000, 2000), "by hand")


def test_work_divided_by_a_rate() -> None:
    """10 million tokens at 1,000 a second are 10,000 s: 2.78 h; at 2,000 half of that, at 500 twice."""
    found = length(Job(), TEN_MILLION, RATE)
    assert found
    assert found[:3] == pytest.approx((1.3889, 2.7778, 5.5556), abs=1e-4)
    assert found.in_words == "about 2.78 h (1.39–5.56)"
    assert found.origin == "10 M tokens (by hand) at 1,000/s"
    ended = length(Job(budget=Budget(max_hours=3)), TEN_MILLION, RATE)
    assert ended
    assert ended[:3] == pytest.approx((1.3889, 2.7778, 3.0), abs=1e-4)
    assert "ends it after 3 h" in ended.origin


def test_what_is_not_known_stays_unknown_and_a_limit_is_no_length() -> None:
    assert length(Job(), None, RATE) is None
    assert length(Job(), TEN_MILLION, None) is None
    assert length(Job(), TEN_MILLION, RATE._replace(unit="images")) is None
    limited = length(Job(budget=Budget(max_hours=8)), None, RATE)
    assert limited
    assert (limited.expected, limited.high, limited.in_words) == (None, 8, "at most 8 h")
    assert [large(number) for number in (950, 2.5e5, 1e7, 3.2e9)] == ["950", "250 k", "10 M", "3.2 B"]


SERVER = Workload(task="serve")


@pytest.mark.parametrize(
    ("job", "work", "hours"),
    [
        (Job(), SERVER, Hours(730)),
        (Job(scaling=Scaling(min=1, max=3)), SERVER, Hours(730)),
        (Job(scaling=Scaling(min=0, max=3)), SERVER, Hours()),
        (Job(budget=Budget(max_hours=8)), SERVER, Hours()),
        (Job(schedule=Schedule(hours_per_month=200)), SERVER, Hours(200)),
        (Job(schedule=Schedule(runs_per_month=20)), SERVER._replace(task="batch"), Hours()),
        (Job(), SERVER._replace(task="batch"), Hours()),
        (Job(), SERVER._replace(task="interactive"), Hours()),
    ],
)
def test_a_month_only_of_what_runs_all_month(job: Job, work: Workload, hours: Hours) -> None:
    assert hours_of(job, work, None, lambda *_: None) == hours


def test_a_run_of_known_length_so_often_a_month() -> None:
    """100 steps × 4 texts × 2,048 tokens, packed, are 819,200 tokens: 0.2276 h at 1,000 a second, 20 times."""
    model = Catalog().resolve_model("Qwen/Qwen2.5-7B").model
    work = Workload(
        task="train",
        modality="text",
        model=model,
        steps=100,
        batch=4,
        sequence=2048,
        packing=True,
        method="lora",
    )
    gpu: Gpu = Catalog().gpus_by_name["L40S"]
    on = Alternative(gpu, 1, None, None, None)
    month, run = hours_of(Job(schedule=Schedule(runs_per_month=20)), work, on, lambda *_: RATE)
    assert run == pytest.approx(0.2276, rel=1e-3)
    assert month == pytest.approx(20 * 0.2276, rel=1e-3)


MODELS = (
    "Qwen/Qwen2.5-7B-Instruct",
    "meta-llama/Llama-3.1-70B-Instruct",
    "stabilityai/stable-diffusion-xl-base-1.0",
)
RULES = (OverProvisionedGpu, TooManyGpus, MissingQuantization, KvCacheDtype, QloraWouldDo)
PRICES = re.compile(r": \$([\d.,]+) per [a-z0-9, ]+[;(].*\$[\d.,]+/h does [\d.,]+/s[^:;]*: \$([\d.,]+) \(")


def test_no_finding_takes_the_work_where_it_costs_more() -> None:
    """At today's prices, by the speeds that are expected; what is rounded may be as much."""
    seen = 0
    grid = product(MODELS, ("A100 PCIe 80GB", "H100 SXM", "L40S"), (1, 2), ("serve", "batch", "train"))
    for model, gpu, count, task in grid:
        text = task != "train" and "diffusion" not in model
        job = {
            "task": task,
            "model": {"id": model, **({"context": 8192, "engine": "vllm"} if text else {"method": "lora"})},
            "gpu_types": [gpu],
            "gpu_count": count,
            "keep_alive_minutes": 3,
            "run": "python work.py",
        }
        for found in lint_text(json.dumps(job).encode(), RULES):
            message = found.finding.message
            if prices := PRICES.search(message):
                now, then = (float(price.replace(",", "")) for price in prices.groups())
                assert then <= now, message
                seen += 1
    assert seen >= 8
