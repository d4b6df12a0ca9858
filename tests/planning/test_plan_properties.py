"""What holds for every plan."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from gpuspec.catalog import Catalog, Gpu, Offer
from gpuspec.formats import JOB_SPEC, Document
from gpuspec.job import Budget, GpuChoice, Job
from gpuspec.planning.case import Case
from gpuspec.planning.compare import better
from gpuspec.planning.cost import exceeds, total_at
from gpuspec.planning.limits import NAMES_OF_LIMITS
from gpuspec.planning.market import Market
from gpuspec.planning.plan import Plan
from gpuspec.planning.rank import affordable, launchable, rank_offers
from gpuspec.sizing import Need, Part, Phase, Unsized
from gpuspec.text import Tree
from gpuspec.words import By
from gpuspec.workload import Workload

from .test_plan import market as market_of

NAMES = ("T4", "L4", "RTX 4090", "RTX A6000", "A100 80GB PCIe", "H100 SXM")
CLOUDS = ("runpod", "lambda", "vast", "verda")
CATALOG = Catalog()
VRAM = {gpu.name: gpu.vram_gb for gpu in CATALOG.gpus}

price = st.one_of(st.none(), st.sampled_from((0.2, 0.34, 0.5, 0.5, 1.0, 2.5)))
OFFER = {
    "cloud": st.sampled_from(CLOUDS),
    "region": st.sampled_from(("US", "EU", None)),
    "instance": st.sampled_from("abc"),
    "gpu": st.sampled_from(NAMES),
    "gpu_count": st.sampled_from((1, 1, 2)),
    "vcpus": st.none(),
    "ram_gib": st.sampled_from((None, 16.0, 128.0)),
    "disk_gb": st.sampled_from((None, 100.0)),
    "price": price,
    "spot_price": price,
    "source": st.just("test"),
}
JOB = {
    "task": st.just("batch"),
    "gpu_types": st.lists(st.sampled_from(NAMES), max_size=3).map(
        lambda names: tuple(GpuChoice(name, None, "") for name in names)
    ),
    "gpu_count": st.sampled_from((1, 2)),
    "min_vram": st.sampled_from((None, 24, 48)),
    "max_price": st.sampled_from((None, 0.4, 1.0)),
    "spot": st.sampled_from(("never", "allowed", "only")),
    "clouds": st.sampled_from(((), ("runpod",), ("lambda", "Vast"))),
    "regions": st.sampled_from(((), ("us",))),
    "disk_gb": st.sampled_from((None, 200)),
}
offers = st.fixed_dictionaries(OFFER).map(lambda fields: Offer(**fields))
jobs = st.fixed_dictionaries(JOB).map(lambda fields: Job(**fields))
needed = st.sampled_from((None, 10.0, 20.0, 40.0, 70.0))


works = st.sampled_from(
    [
        Workload(task="batch", modality="text", engine="transformers"),
        Workload(task="train", modality="image"),
        Workload(task="serve", modality="text"),
        Workload(),
    ]
)
measures = st.sampled_from((None, "hour", "job", "token"))


def market(
    job: Job, found: list[Offer], gib: float | None, work: Workload | None = None, by: By | None = None
) -> Market:
    def need_for(count: int, _: Gpu | None) -> Need | Unsized:
        if gib is None:
            return Unsized("not said")
        weights = Part("weights", gib / count, gib / count, gib / count + 2, "")
        return Need((Phase("serving", (weights,)),), count, "vllm", (), "high")

    return market_of(job, found, need_for, workload=work or Workload(), by=by)


def make(
    job: Job, found: list[Offer], gib: float | None, work: Workload | None = None, by: By | None = None
) -> Plan:
    return rank_offers(market(job, found, gib, work, by))


@settings(max_examples=150, deadline=None)
@given(jobs, st.lists(offers, max_size=12), needed)
def test_the_choice_is_the_cheapest_kept_and_kept_means_every_limit_holds(
    job: Job, found: list[Offer], gib: float | None
) -> None:
    made = make(job, found, gib)
    kept = [c for c in made.candidates if c.kept]
    assert (made.choice is None) == (not kept)
    if made.choice:
        assert made.choice.price == min(c.price for c in kept)
    for c in made.candidates:
        assert bool(c.reason) != c.kept
        assert (c.limit in NAMES_OF_LIMITS) != c.kept
    for c in kept:
        assert c.offer.gpu_count == job.gpu_count
        assert not job.gpu_types or c.gpu.name in {choice.name for choice in job.gpu_types}
        assert job.min_vram is None or VRAM[c.gpu.name] >= job.min_vram
        assert job.max_price is None or c.price <= job.max_price
        assert not job.clouds or c.offer.cloud in {cloud.lower() for cloud in job.clouds}
        assert not job.regions or c.offer.region == "US"
        assert c.offer.cloud != "verda"
        assert c.spot in {"never": (False,), "allowed": (False, True), "only": (True,)}[job.spot or "never"]
        assert c.price == (c.offer.spot_price if c.spot else c.offer.price)
        assert job.disk_gb is None or c.offer.disk_gb is None or c.offer.disk_gb >= job.disk_gb
        if gib is not None:
            assert gib / c.offer.gpu_count <= VRAM[c.gpu.name] * 0.9
            assert c.offer.ram_gib is None or c.offer.ram_gib >= gib


@settings(max_examples=100, deadline=None)
@given(jobs, st.lists(offers, max_size=10), offers, needed)
def test_one_more_offer_never_makes_the_choice_dearer(
    job: Job, found: list[Offer], more: Offer, gib: float | None
) -> None:
    before, after = make(job, found, gib).choice, make(job, [*found, more], gib).choice
    if before:
        assert after is not None
        assert after.price <= before.price


@settings(max_examples=100, deadline=None)
@given(jobs, st.lists(offers, max_size=10), needed)
def test_the_order_of_gpu_types_does_not_matter(job: Job, found: list[Offer], gib: float | None) -> None:
    turned = job._replace(gpu_types=tuple(reversed(job.gpu_types)))
    assert make(turned, found, gib) == make(job, found, gib)


@settings(max_examples=300, deadline=None)
@given(jobs, st.lists(offers, max_size=12), needed, works, measures)
def test_lint_and_plan_take_the_same_machine(
    job: Job, found: list[Offer], gib: float | None, work: Workload, by: By | None
) -> None:
    """What rules call the GPU taken, with its price, is what the plan takes; unless it costs more than max_price."""
    case = Case(Document("job.jsonc", Tree(""), job, "", JOB_SPEC.format), catalog=CATALOG)
    case.market = market(job, found, gib, work, by)
    taken, choice = case.selected, case.plan.choice
    if choice is not None and job.gpu_types:
        assert taken is not None
        assert taken.price is not None
        assert (taken.per_hour, taken.price.spot) == (choice.price, choice.spot)
    elif taken is not None:
        assert job.max_price is not None
        assert taken.per_hour > job.max_price


@settings(max_examples=300, deadline=None)
@given(jobs, st.lists(offers, max_size=12), needed)
def test_what_rules_suggest_is_what_the_plan_would_keep(
    job: Job, found: list[Offer], gib: float | None
) -> None:
    """An alternative is the cheapest of its kind that a plan keeps which names no GPU and no max_price."""
    suggested = list(market(job, found, gib).fitting((1, 2)))
    assert [one.per_hour for one in suggested] == sorted(one.per_hour for one in suggested)
    for count in (1, 2):
        anything = job._replace(gpu_types=(), gpu_count=count, max_price=None)
        kept: dict[str, float] = {}
        for candidate in make(anything, found, gib).kept:
            kept.setdefault(candidate.gpu.name, candidate.price)
        here = {one.gpu.name: one.per_hour for one in suggested if one.gpu_count == count}
        assert here == ({} if gib is None else kept)


@settings(max_examples=150, deadline=None)
@given(
    jobs,
    st.lists(offers, max_size=12),
    needed,
    st.builds(Budget, st.sampled_from((None, 0.5, 2.0, 10.0)), st.sampled_from((None, 0.2, 1.0, 9.5))),
    st.sampled_from((None, "s3://bucket")),
)
def test_nothing_that_may_be_rented_costs_more_than_the_worst_case_or_breaks_the_budget(
    job: Job, found: list[Offer], gib: float | None, budget: Budget, cache: str | None
) -> None:
    job = job._replace(budget=budget, cache=cache)
    made = make(job, found, gib)
    if made.choice is None or made.cost is None:
        assert launchable(job, made) == ()
        return
    kept = launchable(job, made)
    assert made.choice in kept
    assert made.cost.candidate in kept
    for candidate in kept:
        total = total_at(job, made, candidate)
        assert (total is None) == (made.cost.total is None) == (made.max_hours is None)
        if total is not None and made.cost.total is not None:
            assert total <= made.cost.total + 1e-9
        alone = candidate is made.choice  # where nothing keeps the budget, the plan says so, and run refuses
        assert alone or not exceeds(total, budget.max_total)
        if not exceeds(made.cost.total, budget.max_total):
            at_most = candidate._replace(price=min(affordable(job, made), 1e6))
            assert not exceeds(total_at(job, made, at_most), budget.max_total)


budgets = st.sampled_from((None, Budget(5.0, 2.0), Budget(5.0), Budget(None, 2.0)))


@settings(max_examples=200, deadline=None)
@given(
    jobs,
    budgets,
    st.lists(offers, min_size=1, max_size=10, unique=True),
    needed,
    works,
    measures,
    st.integers(0, 9),
)
def test_the_order_is_the_same_without_any_one_of_them(
    job: Job,
    budget: Budget | None,
    found: list[Offer],
    gib: float | None,
    work: Workload,
    by: By | None,
    which: int,
) -> None:
    """So the order is total and transitive, and depends on what is compared alone."""
    job = job._replace(budget=budget)
    whole = make(job, found, gib, work, by)
    gone = found[which % len(found)]
    rest = make(job, [one for one in reversed(found) if one is not gone], gib, work, by)
    assert rest.candidates == tuple(each for each in whole.candidates if each.offer is not gone)
    assert (rest.by, make(job, found[::-1], gib, work, by)) == (whole.by, whole)


@settings(max_examples=150, deadline=None)
@given(jobs, st.lists(offers, max_size=12), needed, works, measures)
def test_kept_ones_stand_in_order_of_what_they_cost(
    job: Job, found: list[Offer], gib: float | None, work: Workload, by: By | None
) -> None:
    made = make(job, found, gib, work, by)
    costs = [each.ranked for each in made.kept if each.ranked is not None]
    assert costs == sorted(costs)
    assert [each.ranked for each in made.kept][: len(costs)] == costs
    if made.by == "hour":
        assert costs == [each.price for each in made.kept]
    for each in made.kept:  # one and the same machine is taken where it is cheapest
        same = [
            one for one in made.kept if (one.gpu, one.offer.gpu_count) == (each.gpu, each.offer.gpu_count)
        ]
        assert [one.price for one in same] == sorted(one.price for one in same)


@settings(max_examples=200, deadline=None)
@given(jobs, st.lists(offers, max_size=12), needed, works, measures)
def test_what_a_rule_suggests_costs_less_by_what_the_plan_compares(
    job: Job, found: list[Offer], gib: float | None, work: Workload, by: By | None
) -> None:
    here = market(job, found, gib, work, by)
    for now in here.choices():
        cheaper = better(here, now, (1, 2), min_saving=0.2, min_speed=0.2)
        if cheaper is None:
            continue
        other = cheaper.machine
        assert cheaper.cost <= 0.8 + 1e-9
        assert other.per_hour <= now.per_hour
        if here.measure.by != "hour" and other.gpu_count == now.gpu_count:
            costs = [here.measure.rank(one.gpu, one.gpu_count, one.per_hour) for one in (now, other)]
            assert costs[1] <= costs[0] * (0.8 + 1e-9)  # type: ignore[operator]


SHARED = ("A100", "H100", "V100", "RTX 6000", "L4", "A100-80GB", "H100 PCIe")
shared_jobs = st.fixed_dictionaries(
    {
        **JOB,
        "gpu_types": st.lists(st.sampled_from(SHARED), min_size=1, max_size=3).map(
            lambda names: tuple(GpuChoice(name, None, f"/gpu_types/{at}") for at, name in enumerate(names))
        ),
    }
).map(lambda fields: Job(**fields))
meant = sorted({name for written in SHARED for name in CATALOG.resolve_gpu(written).accepts})
shared_offers = st.fixed_dictionaries({**OFFER, "gpu": st.sampled_from(meant)}).map(
    lambda fields: Offer(**fields)
)


@settings(max_examples=200, deadline=None)
@given(
    shared_jobs,
    st.lists(shared_offers, max_size=12),
    st.sampled_from((None, 14.0, 20.0, 36.0, 70.0)),
    works,
)
def test_plan_and_lint_mean_the_same_gpu_and_no_unsure_one_where_another_fits(
    job: Job, found: list[Offer], gib: float | None, work: Workload
) -> None:
    """GS102 says of what does not surely fit that it may run out of memory, GS005 and GS101 speak of the choices."""
    here = market(job, found, gib, work)
    made = rank_offers(here)
    verdicts = {one.fit.verdict for one in made.kept if one.fit}
    assert "does not fit" not in verdicts
    assert "borderline" not in verdicts or verdicts == {"borderline"}
    if made.choice is None:
        return
    if verdicts == {"borderline"}:
        assert any("may run out of memory" in note for note in made.notes)
    able = [one for one in here.choices() if one.price and here.large_enough(one)]
    taken = min(able, key=here.dearness)
    assert made.choice.gpu.name in CATALOG.resolve_gpu(taken.gpu.name).accepts
