"""Machines for a declared load. The speed of a machine is given here: all is arithmetic by hand."""

import math
from typing import Any

import pytest

from gpuspec import resolve_gpu, resolve_model
from gpuspec.job import GpuChoice, Job
from gpuspec.job.job import Scaling, Schedule, Slo, Traffic
from gpuspec.planning.answering import AnswerPace, answering, most_within, queue_seconds, too_slow
from gpuspec.planning.growth import growth_factor, months_until
from gpuspec.planning.rank import rank_offers
from gpuspec.planning.replicas import Count, count, hours_of_day, replicas, up_share
from gpuspec.planning.traffic import answers_of, too_slow_alone
from gpuspec.planning.under_load import UnderLoad, under_load
from gpuspec.report.load_lines import load_lines
from gpuspec.sizing.speed.prefill import prefill
from gpuspec.workload import Workload

from .test_plan import market, needs, offer

DAY = Traffic(requests_per_day=8 * 86_400, input_tokens=100, output_tokens=200)
"""Eight requests a second."""
SERVER = Workload(task="serve", modality="text", engine="vllm")


def pace(many: int) -> AnswerPace:
    """A request takes 1 s alone and 0.1 s more for each beside it: 10 at once 1.9 s, 64 at once 7.3 s. Its first
    token comes after a tenth of that, and 200 in all."""
    whole = 0.9 + 0.1 * many
    return AnswerPace(many, whole / many, whole / 10, whole / 200)


def job(**fields: Any) -> Job:
    traffic = DAY._replace(**{key: fields.pop(key) for key in tuple(fields) if key in Traffic._fields})
    return Job(name="j", gpu_types=(GpuChoice("L4", 1, ""),), traffic=traffic, **fields)


def counted(job: Job, most: int = 64) -> Count:
    found = count(job, pace, most)
    assert found
    return found


def test_machines_for_the_mean_and_the_busiest_hour() -> None:
    """64 at once take 7.3 s each: 8.767 a second. Eight a second are one machine, 24 (× 3) are 2.74: three."""
    found = counted(job(peak_factor=3))
    assert (found.best.sequences, found.mean, found.peak, found.paid) == (64, 1, 3, 3)
    unknown = counted(job())
    assert unknown.demand.peak is None
    assert (unknown.mean, unknown.peak) == (1, 1)


def test_an_slo_leaves_fewer_at_once_and_takes_more_machines() -> None:
    """At most 20 ms a token: 4 s an answer, 31 at once, 7.75 a second. The first token within 200 ms: 2 s, 11 at
    once, 5.5 a second. Alone an answer takes 1 s, 5 ms a token."""
    found = counted(job(slo=Slo(tpot_ms=20)))
    assert (found.best.sequences, found.peak) == (31, 2)
    assert counted(job(slo=Slo(tokens_per_second=50))) == found
    found = counted(job(slo=Slo(ttft_ms=200, tpot_ms=20)))
    assert found.best.sequences == 11
    found = counted(job(slo=Slo(tpot_ms=4)))
    assert (found.met, found.best.sequences) == (False, 1)
    assert too_slow(pace(1), Slo(tpot_ms=4)) == "each further token takes 5.0 ms, 4 ms asked"
    assert too_slow(pace(1), Slo(tokens_per_second=300)) == "200 tokens/s, 300 asked"


def test_a_first_token_waits_in_a_queue() -> None:
    """One at a time, a second each (M/M/1): half a request a second waits 0.5 ÷ (1 − 0.5) = 1 s, a quarter ⅓ s and an
    eighth 1/7 s; a first token takes 0.1 s more. Two machines leave 0.433 s, four 0.243 s."""
    assert queue_seconds(pace, 1, 0.5) == pytest.approx(1.0)
    assert queue_seconds(pace, 1, 0.25) == pytest.approx(1 / 3)
    assert queue_seconds(pace, 1, 1.0) is None
    half = {"requests_per_day": 43_200}
    assert counted(job(**half), 1).peak == 1
    assert counted(job(**half, slo=Slo(ttft_ms=1200)), 1).peak == 1
    assert counted(job(**half, slo=Slo(ttft_ms=500)), 1).peak == 2
    assert counted(job(**half, slo=Slo(ttft_ms=250)), 1).peak == 4


def test_no_request_queues_where_the_server_lets_it_in() -> None:
    """The first token within 105 ms: 1.05 s an answer, one at once, one a second: 8 machines, on which a request that
    finds another inside is read at once and not after it."""
    found = replicas(job(slo=Slo(ttft_ms=105)), pace, 64, price=1.0)
    assert found
    assert (found.best.sequences, found.counted.peak) == (1, 8)
    assert found.wait == pytest.approx(0.0, abs=1e-6)


def test_users_are_spread_over_machines_that_are_quick_enough_for_them() -> None:
    """31 at once keep 20 ms a token: 100 users are four machines, whatever the traffic."""
    found = counted(job(slo=Slo(tpot_ms=20), users=100))
    assert (found.mean, found.peak) == (2, 4)
    only = counted(Job(users=100, slo=Slo(tpot_ms=20)))
    assert (only.mean, only.peak, only.demand.mean) == (4, 4, 0.0)
    assert count(Job(), pace, 64) is None
    assert count(Job(traffic=Traffic(requests_per_day=10)), pace, 64) is None


def test_hours_of_a_month_are_what_the_requests_of_a_day_come_in() -> None:
    """In half of the hours come twice as many an hour: 16 a second, two machines."""
    assert counted(job(schedule=Schedule(hours_per_month=365))).peak == 2


def test_a_day_swings_between_its_peak_and_the_night() -> None:
    """(1 + cos) ÷ 2 has the mean ½: a peak of twice the mean is that curve itself, zero at midnight."""
    day = hours_of_day(5.0, 10.0)
    assert sum(day) / 24 == pytest.approx(5.0)
    assert (max(day), day[12]) == (10.0, pytest.approx(0.0, abs=1e-9))
    assert day[6] == pytest.approx(5.0)
    assert hours_of_day(5.0, 5.0) == (5.0,) * 24
    steep = hours_of_day(1.0, 8.0)
    assert (sum(steep) / 24, steep[0]) == (pytest.approx(1.0), 8.0)


def test_scaling_pays_for_the_hours_in_which_machines_run() -> None:
    """Twice the mean: 16 a second in the busiest hour, by 8.767 two machines, above it while (1 + cos) ÷ 2 > 0.548,
    which is from 5.63 hours before to after it: 11 of the 24."""
    found = counted(job(peak_factor=2, scaling=Scaling(min=1, max=4)))
    assert (found.mean, found.peak, found.paid) == (1, 2, pytest.approx(1 + 11 / 24))
    assert counted(job(peak_factor=2, scaling=Scaling(min=2, max=2))).paid == 2
    assert counted(job(peak_factor=3, scaling=Scaling(min=1, max=1))).paid == 3


def test_more_requests_and_a_stricter_slo_take_no_fewer_machines() -> None:
    """Of a real model and GPU too, whatever its speed comes to."""
    llama = SERVER._replace(model=resolve_model("Llama-3.1-8B").model, params_b=8.03, context=4096)
    gpu = resolve_gpu("L40S").gpu
    assert gpu
    for answers in (pace, answers_of(llama, gpu, 1, DAY)):
        before = 0
        for limit in (None, 100, 60, 40, 30, 25):
            slo = limit and Slo(tpot_ms=limit)
            found = [count(job(requests_per_day=n * 86_400, slo=slo), answers, 64) for n in (1, 10, 50)]
            machines = [one.peak for one in found if one]
            assert machines == sorted(machines)
            assert machines[-1] >= before
            before = machines[-1]


def test_one_request_alone_is_as_quick_as_a_machine_can_be() -> None:
    llama = SERVER._replace(model=resolve_model("Llama-3.1-8B").model, params_b=8.03, context=4096)
    gpu = resolve_gpu("L4").gpu
    assert gpu
    # 8.03 billion weights in 16 bit, 0.5 of the embedding looked up: 15.0 GB ÷ 300 GB/s are 50 ms a token at best
    assert "tokens/s, 40 asked" in too_slow_alone(Job(slo=Slo(tokens_per_second=40)), llama, gpu, 1)
    assert too_slow_alone(Job(slo=Slo(tokens_per_second=10)), llama, gpu, 1) == ""
    assert too_slow_alone(Job(slo=Slo(tokens_per_second=40)), llama._replace(task="batch"), gpu, 1) == ""
    assert answering(SERVER, gpu, 1, many=1, traffic=DAY) is None
    assert most_within(lambda _: None, 64, Slo(tpot_ms=10)) is None


def test_growth_is_compounded() -> None:
    """The seeds: 20 % a month for six months are 1.2⁶ = 2.985984; 1.2³ = 1.728 and 1.2⁴ = 2.07 are around twice."""
    assert growth_factor(0.2, 6) == pytest.approx(2.985984)
    assert months_until(2.0, 0.2) == 4
    assert months_until(1.728, 0.2) == 3
    assert months_until(1.0, 0.2) == 0
    assert months_until(2.0, 0.0) is None
    assert months_until(2.0, -0.1) is None


def test_a_machine_that_goes_when_idle_is_up_as_often_as_somebody_asks() -> None:
    """One request an hour, half an hour idle: up after 1 − e^(−0.5) = 39 % of the moments, and while it answers."""
    demand = counted(job(requests_per_day=24)).demand
    assert up_share(demand, pace(1), 30) == pytest.approx(1 - math.exp(-(1800 + 1) / 3600))


L4 = offer("L4", 0.5, spot_price=0.2)


@pytest.fixture
def given(monkeypatch: pytest.MonkeyPatch) -> None:
    """Machines of these speeds: any GPU's `pace`, two of them half of it."""

    def answering(*found: Any, many: int, **_: Any) -> AnswerPace:
        one = pace(many)
        share = 0.5 if found[2] == 2 else 1.0
        return AnswerPace(many, (one.each or 0) * share, (one.ttft or 0) * share, one.token * share)

    monkeypatch.setattr("gpuspec.planning.traffic.answering", answering)
    monkeypatch.setattr("gpuspec.sizing.speed.serving.room", lambda *_: None)


def loaded(job: Job, *offers: Any) -> tuple[UnderLoad, dict[str, str]]:
    place = market(job, list(offers) or [L4], needs(10.0), workload=SERVER)
    found = under_load(place, rank_offers(place))
    assert found
    said: dict[str, str] = {}
    label = ""
    for own, text in load_lines(job, found):
        label = own or label
        said[label] = f"{said[label]}\n{text}" if label in said else text
    return found, said


@pytest.mark.usefixtures("given")
def test_a_month_of_three_machines() -> None:
    """3 × $0.50 × 730 h = $1,095; 8 × 3,600 × 730 = 21.02 million requests: $0.0521 a thousand, ÷ 200 tokens $0.26 a
    million. A third of 24 a second on each: 8 × (0.9 + 0.1 n) = n at n = 36, 4.5 s, 108 on all three. Two on demand
    and one on spot: $1.20/h."""
    found, said = loaded(job(peak_factor=3))
    assert said["load"].split("\n") == [
        "691,200 requests a day are 8 a second on average and 24 a second in the busiest hour (traffic.peak_factor "
        "3)",
        "one machine answers at most 8.8 a second; 108 are answered at once (24 a second, each takes 4.5 s): first "
        "token after 542 ms (92 ms of it in the queue), then 44 tokens/s for each user",
        "3 machines for the busiest hour, 1 for the average; busy 30 % of the time, 91 % in the busiest hour (above "
        "80 % requests begin to wait)",
        "3 × L4 at $0.50/h × 730 h = $1,095 a month: $0.052 per 1,000 requests, $0.26 per million tokens written",
        'without `scaling` a launch starts one machine: "scaling": {"min": 3, "max": 3} starts 3',
        said["load"].split("\n")[-1],
    ]
    assert found.replicas.sequences == pytest.approx(108)
    assert found.mix
    assert found.mix.per_month == pytest.approx((2 * 0.5 + 0.2) * 730)
    assert said["spot"].startswith("2 on demand × $0.50/h + 1 on spot × $0.20/h = $876 a month, $219 less")
    reserve = (
        "one more machine in reserve costs $365 a month; without it, 2 of 3 answer while one is replaced"
    )
    assert said["spare"] == reserve
    assert loaded(job(peak_factor=3, spot="never"))[0].mix is None


@pytest.mark.usefixtures("given")
def test_what_is_not_said_of_the_peak_is_said() -> None:
    _, said = loaded(job())
    assert (
        "8 a second on average. Only this average is counted, since the job does not say how much busier the busiest "
        "hour is (traffic.peak_factor; 1 to 3 is usual, and 3 would take 3 machines)"
    ) in said["load"]
    few = loaded(job(peak_factor=3, scaling=Scaling(min=1, max=2)))[1]["load"]
    assert (
        "`scaling` allows 2 machines and the load takes 3: some requests wait ever longer, or are refused"
        in few
    )


@pytest.mark.usefixtures("given")
def test_what_an_slo_costs() -> None:
    """Within 10 ms a token are 2 s an answer: 11 at once, 5.5 a second, two L4. Four a second on each:
    4 × (0.9 + 0.1 n) = n at n = 6, 1.5 s, 133 tokens/s. Without it one L4 would do."""
    found, said = loaded(job(slo=Slo(tpot_ms=10)))
    assert (found.replicas.counted.peak, found.replicas.per_month) == (2, 730)
    assert said["slo"].startswith(
        "kept: 133 tokens/s (at least 100), with up to 11 requests at once on a machine; keeping it costs "
        "$365 a month: "
    )
    assert "without it, L4 at $365 would be enough (first token 730 ms, 27 tokens/s when full)" in said["slo"]
    # 4 ms a token not even one alone keeps on one of them: refused; two of them need 2.5 ms
    both = job(slo=Slo(tpot_ms=4))._replace(gpu_types=(GpuChoice("L4", 1, ""), GpuChoice("L4", 2, "")))
    place = market(both, [L4, offer("L4", 1.0, gpus=2)], needs(10.0), workload=SERVER)
    plan = rank_offers(place)
    assert [one.offer.gpu_count for one in plan.kept] == [2]
    (refused,) = (one for one in plan.candidates if not one.kept)
    assert refused.limit == "slo"
    assert refused.reason.endswith("each further token takes 5.0 ms, 4 ms asked")


@pytest.mark.usefixtures("given")
def test_growth_and_quiet_hours_of_a_plan() -> None:
    """Eight a second by 8.767: 1.2¹ is too much for one machine. After six months 23.9 (three), after twelve 71.3
    (nine)."""
    found, said = loaded(job(growth_per_month=0.2))
    assert found.growth
    assert found.growth.next
    assert [(one.months, one.machines) for one in (found.growth.next, *found.growth.later)] == [
        (1, 2), (6, 3), (12, 9),
    ]  # fmt: skip
    assert said["grow"].startswith("20 % more each month: as of month 1 it takes 2 machines (+$365 a month)")
    # 4 requests an hour: 1 s each, 0.46 s of the machine; 96 a day are 10.95 s at its best
    found, said = loaded(job(requests_per_day=96, scaling=Scaling(min=1, max=1, idle_minutes=15)))
    assert found.quiet
    assert found.quiet.up == pytest.approx(1 - math.exp(-4 * (900 + 1) / 3600))
    assert found.quiet.night == pytest.approx(96 / 8.767 / 3600, rel=1e-3)
    assert "it runs 63 % of the time, $231 a month" in said["idle"]


@pytest.mark.usefixtures("given")
def test_what_scaling_allows_too_few_of_stands_behind() -> None:
    """24 a second: three single L4, or two of 2 × L4 at twice the speed (17.5 a second). With two at most it is
    these, though three single ones cost $1.50/h and these $1.80."""
    both = job(peak_factor=3)._replace(gpu_types=(GpuChoice("L4", 1, ""), GpuChoice("L4", 2, "")))
    offers = [L4, offer("L4", 0.9, gpus=2)]
    for most, first in ((3, 1), (2, 2)):
        limited = both._replace(scaling=Scaling(min=most, max=most))
        place = market(limited, offers, needs(10.0), workload=SERVER, by="hour")
        assert next(one.offer.gpu_count for one in rank_offers(place).kept) == first
    short = place.measure.falls_short(rank_offers(place).kept[1].gpu, 1)
    assert short == "3 of it are more than `scaling` allows"


def test_a_prompt_is_read_as_fast_beside_any_number_of_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    """So that it is worked out once for a machine, not for each number that is tried."""
    llama = SERVER._replace(model=resolve_model("Llama-3.1-8B").model, params_b=8.03, context=4096)
    gpu = resolve_gpu("L4").gpu
    assert gpu
    read: list[int] = []

    def counted(*given: Any, **how: Any) -> Any:
        read.append(1)
        return prefill(*given, **how)

    monkeypatch.setattr("gpuspec.sizing.speed.serving.prefill", counted)
    answers = answers_of(llama, gpu, 1, DAY)
    assert [bool(answers(many)) for many in (1, 8, 64)] == [True] * 3
    assert len(read) == 1
    assert answers(8) == answering(llama, gpu, 1, many=8, traffic=DAY)
