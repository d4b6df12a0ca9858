"""What offers are ranked by: the hour, the job, the token. Speeds are given here: all is arithmetic by hand."""

from __future__ import annotations

from typing import Any

import pytest

from gpuspec.catalog import Catalog, Gpu, Offer
from gpuspec.job import Budget, GpuChoice, Job
from gpuspec.job.job import Scaling, Traffic
from gpuspec.planning.compare import better, cheaper
from gpuspec.planning.plan import Plan
from gpuspec.planning.rank import launchable, rank_offers
from gpuspec.sizing import Unsized
from gpuspec.sizing.speed.prefill import Prefill
from gpuspec.sizing.speed.rates import Range, Speed
from gpuspec.words import By
from gpuspec.workload import Workload

from .test_plan import market, offer

L4, A100 = offer("L4", 0.71), offer("A100 80GB PCIe", 1.69)
"""Memory bandwidth by the data sheets: 300 and 1,935 GB/s."""
WRITES = Workload(task="serve", modality="text", engine="transformers")
BATCH = WRITES._replace(task="batch")
DAY = Traffic(requests_per_day=86_400, input_tokens=100, output_tokens=200)
"""One request a second."""


@pytest.fixture(autouse=True)
def tokens(monkeypatch: pytest.MonkeyPatch) -> dict[str, float]:
    """Tokens written a second by one GPU; prompts are read ten times as fast. A GPU that is not in it is of unknown
    speed."""
    known = {"L4": 400.0, "A100 80GB PCIe": 2000.0}

    def speed(workload: Workload, gpu: Gpu, gpus: int = 1, *, cached: float = 0) -> Speed | Unsized:
        if gpu.name not in known:
            return Unsized("no figures")
        decode = known[gpu.name] * gpus
        each = Range(decode / 2, decode, decode * 2)
        return Speed(each, each, Range(decode * 5, decode * 10, decode * 20), "", ())

    def prefill(workload: Workload, gpu: Gpu, gpus: int = 1, *, tokens: float) -> Prefill | Unsized:
        if gpu.name not in known:
            return Unsized("no figures")
        reading = known[gpu.name] * gpus * 10
        return Prefill(
            tokens, Range(*(tokens / reading * times for times in (0.5, 1, 2))), Range(1, 1, 1), ""
        )

    monkeypatch.setattr("gpuspec.sizing.speed.text.speed", speed)
    monkeypatch.setattr("gpuspec.sizing.speed.serving.prefill", prefill)
    return known


@pytest.fixture
def sheets(tokens: dict[str, float]) -> None:
    """Nothing is known of the GPUs but their data sheets."""
    tokens.clear()


def of(*names: str, count: int = 1, **more: Any) -> Job:
    return Job(name="j", gpu_types=tuple(GpuChoice(name, count, "") for name in names), **more)


def plan(job: Job, offers: list[Offer], workload: Workload, by: By | None = None, **more: Any) -> Plan:
    return rank_offers(market(job, offers, workload=workload, by=by, **more))


def order(made: Plan) -> list[str]:
    return [candidate.gpu.name for candidate in made.kept]


BOTH = of("L4", "A100 80GB PCIe")


def test_a_million_tokens_at_full_load() -> None:
    """400 tokens a second are 1.44 million an hour, and a prompt of as many tokens takes a tenth of their time once
    more: $0.71 ÷ 1.44 × 1.1 = $0.5424; 2,000 are 7.2: $1.69 ÷ 7.2 × 1.1 = $0.2582."""
    made = plan(BOTH, [L4, A100], WRITES, "token")
    assert [(c.gpu.name, pytest.approx(c.unit_cost, abs=1e-4)) for c in made.kept] == [
        ("A100 80GB PCIe", 0.2582),
        ("L4", 0.5424),
    ]
    assert made.by == "token"
    assert made.why == (
        "$0.26 per million tokens written, always busy with 1 at once; cheapest an hour (--by hour): L4 at $0.71, "
        "is $0.54, always busy with 1 at once"
    )


def test_a_server_of_which_nobody_says_that_it_is_busy_is_paid_by_the_hour() -> None:
    for job in (BOTH, BOTH._replace(traffic=Traffic(requests_per_day=10))):
        made = plan(job, [L4, A100], WRITES)
        assert (made.by, made.why, order(made)) == ("hour", "", ["L4", "A100 80GB PCIe"])


def test_declared_traffic_takes_as_many_machines_as_it_needs() -> None:
    """A request takes an L4 200 ÷ 400 + 100 ÷ 4,000 = 0.525 s, so it answers the one a second: by the hour. Four a
    second take three of them ($2.13/h) and one A100 (0.105 s, $1.69/h): 4 × 200 × 3,600 = 2.88 million tokens an
    hour, $0.7396 and $0.5868 for each."""
    light = plan(BOTH._replace(traffic=DAY), [L4, A100], WRITES)
    assert (light.by, order(light)) == ("token", ["L4", "A100 80GB PCIe"])
    assert light.why == (
        "$0.99 per million tokens written, on 1 machine for the declared traffic; also the cheapest an hour"
    )  # 0.71 ÷ 0.72
    heavy = plan(BOTH._replace(traffic=DAY._replace(requests_per_day=4 * 86_400)), [L4, A100], WRITES)
    assert [(c.gpu.name, pytest.approx(c.unit_cost, abs=1e-4)) for c in heavy.kept] == [
        ("A100 80GB PCIe", 0.5868),
        ("L4", 0.7396),
    ]
    assert "L4 at $0.71, is $0.74, on 3 machines for the declared traffic" in heavy.why


def test_the_cache_limits_how_many_are_answered_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gpuspec.sizing.speed.serving.room", lambda *_: 38)
    queue, card = WRITES._replace(engine="vllm", context=8192), _gpu("A100 80GB PCIe")
    for declared, many in ((None, 38), (2, 2), (100, 38)):
        found = market(BOTH, [A100], workload=queue._replace(concurrency=declared), by="token").measure
        assert found.at_once(card, 1) == many
        assert found.rate(card, 1).at_once == many  # type: ignore[union-attr]


def _gpu(name: str) -> Gpu:
    return Catalog().gpus_by_name[name]


def test_a_job_that_ends_is_paid_by_the_work_that_a_machine_does() -> None:
    """$0.71 ÷ 1.44 × 1.1 = $0.5424 and $1.69 ÷ 7.2 × 1.1 = $0.2582 a million. Of 5 times the work 5^0.67 = 2.94
    are sure, so an A100 may ask 2.9 times the price of an L4, and no more than that; at 3.8 times it is expected to
    cost less all the same: $2.70 ÷ 7.2 × 1.1 = $0.412."""
    made = plan(BOTH, [L4, A100], BATCH)
    assert (made.by, made.unit, order(made)) == ("job", "tokens written", ["A100 80GB PCIe", "L4"])
    assert [one.unit_cost for one in made.kept] == pytest.approx([0.2582, 0.5424], abs=1e-4)
    assert made.why == ("$0.26 per million tokens; cheapest an hour (--by hour): L4 at $0.71, is $0.54")
    assert order(plan(BOTH, [L4, A100._replace(price=0.71 * 2.9)], BATCH)) == ["A100 80GB PCIe", "L4"]
    dear = plan(BOTH, [L4, A100._replace(price=0.71 * 3.8)], BATCH)
    assert order(dear) == ["L4", "A100 80GB PCIe"]
    assert dear.why == (
        "$0.54 per million tokens; also the cheapest an hour; $0.41 is expected of A100 80GB PCIe at $2.70, which is "
        "not surely less"
    )


def test_two_cards_are_compared_with_one_where_their_rates_are_known() -> None:
    """Two L4 write 800 tokens a second: $1.00 ÷ 2.88 × 1.1 = $0.3819; one A100 $0.2582."""
    either = BOTH._replace(gpu_types=(GpuChoice("L4", 2, ""), GpuChoice("A100 80GB PCIe", 1, "")))
    made = plan(either, [offer("L4", 1.0, gpus=2), A100], BATCH)
    assert [(one.gpu.name, pytest.approx(one.unit_cost, abs=1e-4)) for one in made.kept] == [
        ("A100 80GB PCIe", 0.2582),
        ("L4", 0.3819),
    ]


@pytest.mark.usefixtures("sheets")
def test_a_job_of_unknown_rates_is_compared_by_data_sheets() -> None:
    """1,935 ÷ 300 = 6.45 times the bandwidth, of which the root, 2.54, is counted, for 2.38 times the price."""
    made = plan(BOTH, [L4, A100], BATCH)
    assert (made.by, order(made)) == ("job", ["A100 80GB PCIe", "L4"])
    first, second = made.kept
    assert second.unit_cost / first.unit_cost == pytest.approx(2.5397 * 0.71 / 1.69, rel=1e-3)  # type: ignore[operator]
    assert made.why == (
        "about 2.5 times the work an hour for 2.4 times the price; cheapest an hour (--by hour): L4 at $0.71: "
        "where the job is short, or waits for something else, that costs less"
    )
    # $0.04 more is 2.4 % of $1.65, and 2,039 ÷ 1,935 = 1.054 times the bandwidth, of which the root is 1.027
    sxm, pcie = offer("A100 80GB SXM4", 1.69), offer("A100 80GB PCIe", 1.65)
    near = plan(of("A100 80GB SXM4", "A100 80GB PCIe"), [sxm, pcie], BATCH).why
    assert near.startswith(
        "about 3 % more work an hour for 2 % more; cheapest an hour (--by hour): A100 80GB PCIe"
    )
    assert order(plan(BOTH, [L4, A100], BATCH, "hour")) == ["L4", "A100 80GB PCIe"]
    # 2.6 times the price is more than 2.54 times the work is worth
    assert order(plan(BOTH, [L4, A100._replace(price=0.71 * 2.6)], BATCH)) == ["L4", "A100 80GB PCIe"]


NO_TOKENS = "by the hour, not by the million tokens: it writes no tokens"


@pytest.mark.usefixtures("sheets")
@pytest.mark.parametrize(
    ("job", "workload", "by", "words"),
    [
        (BOTH, WRITES._replace(task="interactive"), None, ""),
        (BOTH, WRITES._replace(task=None), None, ""),
        (BOTH, WRITES, "job", "by the hour, not by the job: it has no end of its own"),
        (BOTH, WRITES._replace(modality="image"), "token", NO_TOKENS),
        (BOTH, BATCH._replace(task="train"), "token", NO_TOKENS),
        (of("L4", "A100 80GB PCIe", count=2), BATCH._replace(task="train"), None, ""),
        (
            of("L4", "A100 80GB PCIe", count=2), BATCH._replace(task="train"), "job",
            "by the hour, not by the job: the links between the GPUs decide how fast several of them train",
        ),
        (
            BOTH._replace(gpu_types=(GpuChoice("L4", 2, ""), GpuChoice("A100 80GB PCIe", 1, ""))), BATCH, "job",
            "by the hour, not by the job: how much faster another number of GPUs does it is not known",
        ),
    ],
)  # fmt: skip
def test_where_a_fact_is_missing_the_hour_decides_for_all(
    job: Job, workload: Workload, by: By | None, words: str
) -> None:
    count = job.gpu_types[0].gpu_count or 1
    offers = [
        offer("L4", 0.71, gpus=count),
        offer("A100 80GB PCIe", 1.69, gpus=job.gpu_types[1].gpu_count or 1),
    ]
    made = plan(job, offers, workload, by)
    assert (made.by, made.why, order(made)) == ("hour", words, ["L4", "A100 80GB PCIe"])


def test_a_job_of_which_nothing_is_known_is_paid_by_the_hour() -> None:
    made = plan(BOTH, [A100, L4], BATCH, "job", need=lambda *_: Unsized("no model"))
    assert (made.by, order(made)) == ("hour", ["L4", "A100 80GB PCIe"])
    assert made.why == "by the hour, not by the job: its speed is not known (no model)"


def test_gpus_of_unknown_speed_come_last_and_are_named(tokens: dict[str, float]) -> None:
    made = plan(of("L4", "RTX 4090", "A100 80GB PCIe"), [offer("RTX 4090", 0.1), L4, A100], WRITES, "token")
    assert order(made) == ["A100 80GB PCIe", "L4", "RTX 4090"]
    assert made.why.endswith(
        "RTX 4090 at $0.10, of unknown speed; of unknown speed, and so the last of the table: RTX 4090"
    )
    tokens.clear()
    none = plan(BOTH, [A100, L4], WRITES, "token")
    assert order(none) == ["L4", "A100 80GB PCIe"]
    assert none.why == "by the hour, not by the million tokens: the speed of no GPU here is known"


def test_max_price_and_the_budget_still_hold() -> None:
    assert order(plan(BOTH._replace(max_price=1.0), [L4, A100], BATCH)) == ["L4"]
    # 10 h × $1.69 = $16.90 of $10
    tight = plan(BOTH._replace(budget=Budget(max_total=10, max_hours=10)), [L4, A100], BATCH)
    assert tight.choice is not None
    assert tight.choice.gpu.name == "L4"
    assert tight.cost is not None
    assert tight.cost.run == pytest.approx(7.10)
    assert "A100 80GB PCIe would cost less for it, but its worst case is over the budget" in tight.why
    # where only dollars are limited, the faster one is ended sooner
    free = plan(BOTH._replace(budget=Budget(max_total=10)), [L4, A100], BATCH)
    assert free.choice is not None
    assert (free.choice.gpu.name, free.max_hours) == ("A100 80GB PCIe", pytest.approx(10 / 1.69, rel=0.05))


@pytest.mark.usefixtures("sheets")
def test_what_replaces_the_choice_costs_no_more_than_twice_as_much_for_the_work() -> None:
    """An L4 is 1.07 times as dear as the A100 for the job; at $1.35 it would be 2.03 times, though it costs less an
    hour."""
    anything = Job(name="j", gpu_count=1)
    for price, more in ((0.71, ["L4"]), (1.35, [])):
        made = plan(anything, [L4._replace(price=price), A100], BATCH)
        assert [one.gpu.name for one in launchable(anything, made)] == ["A100 80GB PCIe", *more]
    assert [one.gpu.name for one in launchable(BOTH, plan(BOTH, [L4._replace(price=1.35), A100], BATCH))] == [
        "A100 80GB PCIe", "L4",
    ]  # fmt: skip


def test_rules_suggest_no_machine_on_which_the_work_costs_more() -> None:
    """An L4 does a fifth of the work of an A100. At a tenth of its price it does it for half; at two fifths for
    twice as much, though that is less an hour. Four requests a second take three L4 ($0.60/h), or one A100."""
    busy = BOTH._replace(traffic=DAY._replace(requests_per_day=4 * 86_400), scaling=Scaling(min=1, max=3))
    for job, price, taken, suggested in (
        (BOTH, 0.05, "L4", ("L4", 0.5, 0.1)),
        (BOTH, 0.2, "L4", None),
        (busy, 0.2, "A100 80GB PCIe", None),
        (busy, 0.05, "L4", ("L4", 0.5, 0.3)),
    ):
        found = market(job, [offer("L4", price), A100._replace(price=0.5)], workload=WRITES)
        now = found.alternative(_gpu("A100 80GB PCIe"), 1)
        other = better(found, now, (1,), min_saving=0.2, min_speed=0.2)
        said = other and (other.machine.gpu.name, other.unit, other.cost)
        assert said == (suggested and pytest.approx(suggested))
        assert min(found.choices(), key=found.dearness).gpu.name == taken


def test_of_several_named_gpus_rules_take_the_one_that_the_plan_takes() -> None:
    capped = BOTH._replace(max_price=1.0)
    for job, by, taken in ((BOTH, None, "A100 80GB PCIe"), (BOTH, "hour", "L4"), (capped, None, "L4")):
        found = market(job, [L4, A100], workload=BATCH, by=by)
        assert min(found.choices(), key=found.dearness).gpu.name == taken


def test_another_way_to_do_the_job_must_make_up_for_a_slower_gpu(tokens: dict[str, float]) -> None:
    """An L4 has 300 ÷ 1,935 of the bandwidth for $0.71 ÷ $1.69 of the price: the work costs 2.71 times as much by the
    sheet, and 1.07 times as the plan counts it. Weights of a quarter of the bytes make up for it, of half do not; by
    the hour, an L4 costs 42 % of an A100. Where rates are known, they have what another way does in them."""
    a100 = _gpu("A100 80GB PCIe")
    tokens.clear()
    for by, gain, cost in (("job", 1, None), ("job", 2, None), ("job", 4, 2.71 / 4), ("hour", 1, 0.42)):
        here = market(BOTH, [L4, A100], workload=BATCH, by=by)
        now = here.alternative(a100, 1)
        others = cheaper(here, now, (1,), at_most=0.9, min_speed=0.1, gain=gain)
        found = [each.cost for each in others if each.machine.gpu.name == "L4"]
        assert found == ([] if cost is None else [pytest.approx(cost, abs=0.005)])
    tokens.update({"L4": 1600.0, "A100 80GB PCIe": 2000.0})
    here = market(BOTH, [L4, A100], workload=BATCH)
    (known,) = cheaper(here, here.alternative(a100, 1), (1,), at_most=0.9, min_speed=0.1, gain=4)
    assert (known.speed, known.cost) == pytest.approx((0.8, 0.71 / 1.69 / 0.8))
