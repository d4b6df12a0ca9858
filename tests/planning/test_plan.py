"""What is kept, what is rejected and why, and what the run costs; arithmetic by hand."""

from __future__ import annotations

import pytest

from gpuspec.catalog import Catalog, Gpu, Offer
from gpuspec.catalog.stock import Stock
from gpuspec.formats import JOB_SPEC, Document
from gpuspec.job import Budget, GpuChoice, Job
from gpuspec.lint import Facts
from gpuspec.planning.case import Case
from gpuspec.planning.market import Market
from gpuspec.planning.plan import Plan
from gpuspec.planning.price_lists import PriceBook
from gpuspec.planning.rank import launchable, over_budget, rank_offers
from gpuspec.rules.price.over_budget import OverBudget
from gpuspec.sizing import Fit, Need, Part, Phase, Unsized
from gpuspec.text import Tree
from gpuspec.workload import Workload

CATALOG = Catalog()


def offer(gpu: str, price: float | None, *, cloud: str = "runpod", gpus: int = 1, **more: object) -> Offer:
    fields = {
        "region": "US", "instance": f"{gpus}x {gpu}", "vcpus": None, "ram_gib": None, "disk_gb": None,
        "spot_price": None, "source": "test", **more,
    }  # fmt: skip
    return Offer(cloud=cloud, gpu=gpu, gpu_count=gpus, price=price, **fields)  # type: ignore[arg-type]


def needs(gib: float, weights: float | None = None) -> object:
    """A Need known to a tenth of a GiB; all of it weights unless said otherwise."""
    rest = 0.0 if weights is None else gib - weights
    first = gib if weights is None else weights
    parts = (Part("weights", first, first, first, ""), Part("KV cache", rest, rest, rest + 0.1, ""))
    return lambda gpus, _: Need((Phase("serving", parts),), gpus, "vllm", (), "high")


def fits(need: Need, gpu: Gpu) -> Fit:
    """Against 90 % of the memory the vendor states."""
    usable = gpu.vram_gb * 0.9
    verdict = "fits" if need.high <= usable else "does not fit" if need.low > usable else "borderline"
    return Fit(verdict, gpu, need, usable, "KV cache")  # type: ignore[arg-type]


def market(job: Job, offers: list[Offer], need: object = None, **more: object) -> Market:
    workload = more.pop("workload", Workload())
    book = PriceBook(CATALOG, Stock(offers))
    found = Market(job, workload, need or needs(20.0), book, **more)  # type: ignore[arg-type]
    found.fit_of_need = fits  # type: ignore[method-assign]
    return found


def made(job: Job, offers: list[Offer], need: object = None, **more: object) -> object:
    sources = more.pop("sources", None)
    return rank_offers(market(job, offers, need, **more), sources=sources)  # type: ignore[arg-type]


def only_reason(job: Job, one: Offer, need: object = None) -> tuple[str, str]:
    candidates = made(job, [one], need).candidates  # type: ignore[attr-defined]
    assert len(candidates) == 1
    assert not candidates[0].kept
    return candidates[0].limit, candidates[0].reason


def job(*names: str, **more: object) -> Job:
    """Without a disk, whose cost tests/planning/test_cost.py is about."""
    choices = tuple(GpuChoice(name, None, f"/gpu_types/{at}") for at, name in enumerate(names))
    fields = {"gpu_count": 1, "disk_gb": 0} | more
    return Job(name="j", task="batch", gpu_types=choices, **fields)  # type: ignore[arg-type]


OFFERS = [
    offer("RTX 4090", 0.69),
    offer("RTX 4090", 0.44, cloud="vast"),
    offer("L4", 0.43),
    offer("RTX A6000", 0.79, spot_price=0.34),
    offer("H100 SXM", 2.69),
]


def test_the_cheapest_that_fits_is_chosen_whatever_the_order() -> None:
    for names in (("H100 SXM", "RTX 4090", "RTX A6000"), ("RTX A6000", "H100 SXM", "RTX 4090")):
        choice = made(job(*names), OFFERS).choice
        assert (choice.offer.cloud, choice.gpu.name, choice.price) == ("vast", "RTX 4090", 0.44)


def test_without_gpu_types_every_gpu_that_fits_is_a_candidate() -> None:
    found = made(job(), OFFERS, needs(30.0))
    assert [(c.gpu.name, c.price) for c in found.kept] == [("RTX A6000", 0.79), ("H100 SXM", 2.69)]


def test_spot_decides_which_price_is_paid() -> None:
    on_demand, spot = (made(job("RTX A6000", spot=word), OFFERS).choice for word in ("never", "allowed"))
    assert (on_demand.price, on_demand.spot) == (0.79, False)
    assert (spot.price, spot.spot) == (0.34, True)
    assert only_reason(job("H100 SXM", spot="only"), OFFERS[4]) == ("spot", "no spot price, and spot is only")


@pytest.mark.parametrize(
    ("spec", "one", "limit", "words"),
    [
        (job("L4"), offer("H100 SXM", 2.0), "gpu_types", "not in gpu_types"),
        (job("H100 SXM"), offer("H100 SXM", 9.0, gpus=4), "gpu_count", "4 GPUs, 1 wanted"),
        (job(min_vram=48), offer("RTX 4090", 0.4), "min_vram", "24 GB per GPU, min_vram is 48 GB"),
        (job(), offer("T4", 0.2), "memory", "does not fit: 20.0 GiB needed, 14.4 usable"),
        (
            job(clouds=("lambda",)),
            offer("L40S", 1.0),
            "clouds",
            "runpod is not among the clouds allowed (lambda)",
        ),
        (job(regions=("EU",)), offer("L40S", 1.0), "regions", "region US is not among EU"),
        (job(max_price=0.5), offer("L40S", 1.0), "max_price", "$1.00/h, max_price is $0.50/h"),
        (job(disk_gb=200), offer("L40S", 1.0, disk_gb=100.0), "disk", "disk 100 GB, disk_gb is 200"),
        (
            job(),
            offer("L40S", 1.0, ram_gib=16.0),
            "ram",
            "host RAM 16 GiB, 20.0 GiB of weights to load beside 6 for the program",
        ),
        (
            job(),
            offer("L40S", 1.0, cloud="verda"),
            "timer",
            "verda cannot take an idle machine down, so its keep-alive is not guaranteed",
        ),
        (
            job(cache="s3://mine"),
            offer("L40S", 1.0),
            "cache",
            "SkyPilot mounts no buckets on runpod, and `cache` is one",
        ),
        (
            job(cache="models"),
            offer("L40S", 1.0, cloud="lambda"),
            "cache",
            "SkyPilot knows no volumes on lambda, and `cache` names one",
        ),
        (job(), offer("L40S", None, spot_price=0.3), "spot", "only offered as spot"),
    ],
)
def test_a_rejected_offer_says_why_in_numbers(spec: Job, one: Offer, limit: str, words: str) -> None:
    assert only_reason(spec, one) == (limit, words)


@pytest.mark.parametrize(
    ("cache", "clouds"),
    [(None, {"runpod", "lambda"}), ("s3://mine", {"lambda"}), ("models", {"runpod"})],
)
def test_a_cache_is_had_where_skypilot_can_mount_it(cache: str | None, clouds: set[str]) -> None:
    both = [offer("L40S", 1.0), offer("L40S", 2.0, cloud="lambda")]
    assert {c.offer.cloud for c in made(job(cache=cache), both).kept} == clouds
    cheapest_one = market(job(cache=cache), both).cheapest("L40S", 1)
    assert cheapest_one is not None
    assert cheapest_one.offer.cloud == ("lambda" if cache == "s3://mine" else "runpod")


def test_no_timer_can_be_accepted() -> None:
    verda = [offer("L40S", 1.0, cloud="verda")]
    assert made(job(), verda).choice is None
    assert made(job(), verda, accept_no_timer=True).choice is not None


def test_a_gpu_that_may_not_fit_is_kept_only_where_the_author_named_it() -> None:
    straddles = needs(21.55, weights=20.0)  # 21.55 to 21.65 GiB against 24 × 0.9 = 21.6
    named = made(job("RTX 4090"), OFFERS, straddles)
    assert named.choice.gpu.name == "RTX 4090"
    assert named.notes[-1].startswith("RTX 4090 may run out of memory: 21.6 to 21.7 GiB needed, 21.6 usable")
    assert "RTX 4090" not in {c.gpu.name for c in made(job(), OFFERS, straddles).kept}


def test_a_name_that_several_gpus_share_accepts_each_and_says_so() -> None:
    found = made(job("H100"), [offer("H100 PCIe", 2.0), offer("H100 SXM", 2.69)])
    assert {c.gpu.name for c in found.kept} == {"H100 PCIe", "H100 SXM"}
    assert any("H100 may be any of" in note for note in found.notes)


def test_the_count_comes_from_the_choice_the_spec_or_the_parallelism() -> None:
    two = [offer("L4", 0.9, gpus=2), offer("L4", 0.4)]
    choice = Job(gpu_types=(GpuChoice("L4", 2, ""),))
    assert made(choice, two).choice.offer.gpu_count == 2
    assert made(job("L4", gpu_count=2), two).choice.offer.gpu_count == 2
    parallel = Workload(tensor_parallel=2, model_name="m")
    found = made(job("L4", gpu_count=None), two, workload=parallel)
    assert isinstance(found, Plan)
    assert found.choice is not None
    assert found.choice.offer.gpu_count == 2


def test_an_unknown_need_leaves_min_vram_to_decide_and_says_so() -> None:
    found = made(job(min_vram=40), OFFERS, lambda *_: Unsized("no model"))
    assert {c.gpu.name for c in found.kept} == {"RTX A6000", "H100 SXM"}
    assert found.notes == ("memory need unknown (no model): min_vram 40 GB decides",)


def test_the_worst_case_is_hours_idle_tail_download_and_disk() -> None:
    spec = job("RTX 4090", budget=Budget(max_hours=10, max_total=25), keep_alive_minutes=6, disk_gb=730)
    found = made(spec, [offer("RTX 4090", 0.44)])
    cost = found.cost
    assert cost.run == pytest.approx(4.40)  # 10 h × $0.44
    assert cost.idle == pytest.approx(0.044)  # 0.1 h × $0.44
    assert cost.download == 0  # nothing is declared that would be fetched
    assert cost.disk == pytest.approx(1.01)  # 730 GB × $0.10 ÷ 730 h × 10.1 h
    assert cost.total == pytest.approx(4.40 + 0.044 + 1.01)
    assert over_budget(spec, cost.total) == ""
    dear = spec._replace(budget=Budget(max_hours=100, max_total=25))
    # 100.1 h × ($0.44 + $0.10)
    total = made(dear, [offer("RTX 4090", 0.44)]).cost.total
    assert over_budget(dear, total) == "worst case $54.05 is over the budget of $25.00"


def test_a_budget_in_dollars_becomes_a_time_limit() -> None:
    spec = job("RTX 4090", budget=Budget(max_total=4.84), keep_alive_minutes=60)
    found = made(spec, OFFERS)
    assert found.max_hours == pytest.approx(10)  # ($4.84 - 1 h idle × $0.44) ÷ $0.44
    assert found.cost.total == pytest.approx(4.84)
    capped = made(spec._replace(max_price=0.88), OFFERS)
    assert capped.max_hours == pytest.approx(4.5)  # at the most that may be paid: ($4.84 - $0.88) ÷ $0.88


def test_no_limit_is_no_worst_case() -> None:
    found = made(job("RTX 4090"), OFFERS)
    assert found.cost.total is found.choice_cost.total is None
    assert found.choice_cost.lines[0] == ("run", "no time limit × $0.44/h: unbounded")
    assert found.cost.lines[0] == ("run", "no time limit × $0.69/h: unbounded")


def test_what_may_replace_a_sold_out_choice() -> None:
    names = lambda spec, need=None: [c.gpu.name for c in launchable(spec, made(spec, OFFERS, need))]  # noqa: E731
    # $0.43, $0.44, $0.69, $0.79; the H100 at $2.69 is over 2 × $0.43
    assert names(job(), needs(20.0)) == ["L4", "RTX 4090", "RTX 4090", "RTX A6000"]
    assert names(job("RTX 4090", "H100 SXM")) == ["RTX 4090", "RTX 4090", "H100 SXM"]  # the author named it
    tight = job("RTX 4090", "H100 SXM", budget=Budget(max_hours=10, max_total=10))
    assert names(tight) == ["RTX 4090", "RTX 4090"]  # 10 h × $2.69 is over $10


def test_what_rounds_to_the_limit_keeps_it() -> None:
    """Prices are shown and suggested in cents: $0.504/h reads $0.50/h. $0.506/h reads $0.51/h."""
    spec = job("L40S", max_price=0.5)
    assert made(spec, [offer("L40S", 0.504)]).choice
    assert only_reason(spec, offer("L40S", 0.506)) == ("max_price", "$0.51/h, max_price is $0.50/h")


def test_the_disk_of_a_machine_of_ones_own_costs_nothing() -> None:
    """In the plan, where one is sold out, and for GS505: 10 h × $0.40 and $0.44 are within $4.50; 730 GB of disk
    would be another $1."""
    own = {"cloud": "cluster", "owned": True, "launcher": "slurm"}
    offers = [offer("RTX 4090", price, instance=str(price), **own) for price in (0.40, 0.44, 0.46)]
    spec = job("RTX 4090", budget=Budget(max_hours=10, max_total=4.5), disk_gb=730)
    plan = made(spec, offers)
    assert plan.choice_cost.total == pytest.approx(4.00)
    assert plan.cost.total == pytest.approx(4.40)
    assert [each.price for each in launchable(spec, plan)] == [0.40, 0.44]  # 10 h × $0.46 is over $4.50
    case = Case(Document("job.jsonc", Tree(""), spec, "", JOB_SPEC.format), catalog=CATALOG)
    case.market = market(spec, offers)
    assert list(OverBudget().check(Facts(case))) == []


def test_a_job_that_asks_for_no_gpu_has_nothing_to_rent() -> None:
    found = made(Job(name="hello", run="echo hi"), OFFERS)
    assert found.candidates == ()
    assert "--on local" in found.notes[-1]


def test_shipped_offers_name_known_gpus_and_keep_their_own_names() -> None:
    offers = CATALOG.offers()
    assert {one.gpu for one in offers} <= set(CATALOG.gpus_by_name)
    assert all(one.accelerator for one in offers)
    lambda_a6000 = {one.accelerator for one in offers if one.cloud == "lambda" and one.gpu == "RTX A6000"}
    assert lambda_a6000 == {"A6000"}
    assert CATALOG.resolve_gpu("A6000").accepts == ("RTX A6000",)
