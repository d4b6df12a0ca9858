"""How many machines do a job's items by a deadline, and what that costs; arithmetic by hand."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gpuspec.formats import JOB_SPEC, Document
from gpuspec.job import Job
from gpuspec.planning.case import Case
from gpuspec.planning.plan import Plan
from gpuspec.planning.spread import ItemTime, Machines, spread
from gpuspec.sizing import Unsized
from gpuspec.text import Tree
from gpuspec.workload import Workload

from .test_plan import OFFERS, job, made, offer

ON_4090 = ItemTime(36.0, "RTX 4090", 1, "run x")
TEXT = Workload(modality="text")


def options(
    spec: Job, plan: object, items: int, deadline: float | None, each: ItemTime = ON_4090
) -> tuple[Machines, ...]:
    assert isinstance(plan, Plan)
    case = Case(Document("job.jsonc", Tree(""), spec, "", JOB_SPEC.format)).instead(workload=TEXT)
    return spread(case, plan, items=items, each=each, deadline=deadline).options


def kinds(
    spec: Job, plan: object, items: int, deadline: float | None, each: ItemTime = ON_4090
) -> list[tuple[int, str]]:
    found = options(spec, plan, items, deadline, each)
    return [(option.number, option.candidate.gpu.name) for option in found]


def test_as_few_machines_as_make_the_deadline_each_with_its_own_idle_minutes() -> None:
    spec = job("RTX 4090", keep_alive_minutes=6)
    plan = made(spec, OFFERS)
    assert isinstance(plan, Plan)
    # 100 × 36 s is an hour of work; in 0.3 h a machine does 30 items
    (option,) = options(spec, plan, 100, 0.3)
    assert (option.number, option.hours) == (4, pytest.approx(0.25))
    assert option.total == pytest.approx(4 * (0.25 + 0.1) * 0.44)
    assert option.worst == pytest.approx(4 * (0.3 + 0.1) * 0.44)
    (alone,) = options(spec, plan, 100, None)
    assert (alone.number, alone.hours, alone.worst) == (1, pytest.approx(1), None)
    assert alone.total == pytest.approx((1 + 0.1) * 0.44)
    assert options(spec, plan, 100, 0.009) == ()  # 32 s


def test_a_faster_gpu_may_be_cheaper_by_the_deadline() -> None:
    spec = job("RTX 4090", "H100 SXM", keep_alive_minutes=30)
    plan = made(spec, [offer("RTX 4090", 0.44), offer("H100 SXM", 1.00)])
    # memory bandwidth, by NVIDIA's data sheets: 1,008 and 3,350 GB/s; so 10.8 s an item: 18 min on one H100 at $1.00,
    # and idle 30. The 4090: 25 items a machine in a quarter of an hour, four machines with their idle minutes.
    assert kinds(spec, plan, 100, 0.31) == [(1, "H100 SXM"), (4, "RTX 4090")]
    h100, rtx = options(spec, plan, 100, 0.31)  # type: ignore[arg-type]
    assert h100.total == pytest.approx(math.ceil(100 * 36 * 1008 / 3350) / 3600 + 0.5)
    assert rtx.total == pytest.approx(4 * (0.25 + 0.5) * 0.44)
    # with time enough, two H100s' worth of idle minutes are saved by the slow one
    assert kinds(spec, plan, 100, 2.0) == [(1, "RTX 4090"), (1, "H100 SXM")]


def test_what_is_not_known_is_not_compared() -> None:
    spec = job("RTX 4090", "H100 SXM")
    offers = [offer("RTX 4090", 0.44), offer("H100 SXM", 2.69)]
    unknown = made(spec, offers, lambda *_: Unsized("no model"))
    assert kinds(spec, unknown, 10, None) == [(1, "RTX 4090")]
    nobody = ItemTime(36.0, "Some GPU", 1, "run x")
    assert kinds(spec, made(spec, offers), 10, None, nobody) == []
    two = job("RTX 4090", gpu_count=2)
    assert kinds(two, made(two, [offer("RTX 4090", 0.88, gpus=2)]), 10, None) == []  # measured on one


@given(
    items=st.integers(1, 5000),
    seconds=st.floats(0.01, 5000),
    deadline=st.floats(0.01, 100),
)
def test_one_machine_fewer_would_be_late(items: int, seconds: float, deadline: float) -> None:
    spec = job("RTX 4090", keep_alive_minutes=3)
    plan = made(spec, [offer("RTX 4090", 0.44)])
    assert isinstance(plan, Plan)
    found = options(spec, plan, items, deadline, ItemTime(seconds, "RTX 4090", 1, ""))
    if not found:
        assert seconds > deadline * 3600 * (1 - 1e-9)
        return
    (option,) = found
    assert 1 <= option.number <= items
    assert option.hours <= deadline * (1 + 1e-9)
    if option.number > 1:
        assert math.ceil(items / (option.number - 1)) * seconds / 3600 > deadline * (1 - 1e-9)
