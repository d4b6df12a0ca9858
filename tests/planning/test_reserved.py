"""Reserved capacity is filled first: every figure here is counted by hand."""

from __future__ import annotations

import pytest

from gpuspec.planning.reserved import Placed, ReservedGpus, Wanted, filled, per_month

MONTH = 730


def pool(count: int, price: float = 2.0) -> ReservedGpus:
    return ReservedGpus("gcp", "A100 80GB", count, price, ("A100 80GB SXM4",), "gpuspec.toml")


def want(
    gpus: int,
    machines: float = 1,
    hours: float = MONTH,
    price: float = 4.5,
    together: int = 1,
    into: tuple[int, ...] = (0,),
) -> Wanted:
    return Wanted(gpus, machines, hours, price * gpus, together, into)


def test_a_server_takes_its_gpus_for_the_month() -> None:
    (placed,), (use,) = filled([pool(8)], [want(4)])
    assert placed.hours == MONTH
    # 4 of 8 GPUs × 730 h; the others cost 4 × $2 × 730 h for nothing
    assert (use.gpu_hours, use.share, use.unused) == (2920, 0.5, 5840)
    assert per_month(want(4), placed, [pool(8)]) == 4 * 2 * 730


def test_replicas_that_find_no_room_are_rented() -> None:
    # 8 GPUs hold two replicas of 3; the third costs 3 × $4.50 × 730 h
    three = want(3, machines=3)
    (placed,), (use,) = filled([pool(8)], [three])
    assert placed.hours == 2 * MONTH
    assert use.gpu_hours == 6 * MONTH
    assert per_month(three, placed, [pool(8)]) == pytest.approx(6 * 2 * 730 + 3 * 4.5 * 730)


def test_runs_take_turns_on_what_servers_leave() -> None:
    # 4 of 8 GPUs are left: 2,920 GPU-hours. A run of 300 h on 4 takes 1,200, the next of 500 h finds 1,720 of 2,000.
    jobs = [want(4), want(4, hours=300), want(4, hours=500)]
    placed, (use,) = filled([pool(8)], jobs)
    assert [each.hours for each in placed] == [730, 230, 500]  # the longer one first
    assert use.unused == 0
    # 70 h of the shorter run are rented: 70 × 4 × $4.50
    assert per_month(jobs[1], placed[1], [pool(8)]) == pytest.approx(230 * 4 * 2 + 70 * 4 * 4.5)


def test_what_saves_most_goes_first_whatever_its_place() -> None:
    cheap, dear = want(8, price=1.0), want(8, price=9.0)
    placed, _ = filled([pool(8)], [cheap, dear])
    assert [each.hours for each in placed] == [0, 730]
    assert per_month(cheap, placed[0], [pool(8)]) == 8 * 1.0 * 730


def test_machines_that_work_together_go_in_together() -> None:
    four = want(8, machines=4, hours=100, together=4)
    placed, (use,) = filled([pool(24)], [four])  # three of them would find room
    assert (placed, use.gpu_hours) == ([Placed()], 0)
    placed, (use,) = filled([pool(32)], [four])
    assert (placed[0].hours, use.gpu_hours) == (400, 3200)


def test_a_machine_that_is_larger_than_all_of_it_stays_out() -> None:
    placed, (use,) = filled([pool(4)], [want(8, hours=10)])
    assert (placed[0].hours, use.unused) == (0, 4 * 2 * 730)


def test_a_job_goes_only_where_it_may_and_on_to_the_next() -> None:
    jobs = [want(4, machines=3, into=(1, 2)), want(4, into=())]
    placed, uses = filled([pool(8), pool(4), pool(4)], jobs)
    assert placed[0].machine_hours == ((1, 730), (2, 730))
    assert placed[1] == Placed()
    assert [use.gpu_hours for use in uses] == [0, 2920, 2920]


def test_a_server_beside_runs_that_were_there_first_takes_no_gpu_of_theirs() -> None:
    # The dear run takes 100 GPU-hours: one of 8 GPUs is not free all month, and 7 hold one server of 4.
    jobs = [want(1, hours=100, price=9), want(4, machines=2)]
    placed, (use,) = filled([pool(8)], jobs)
    assert [each.hours for each in placed] == [100, 730]
    assert use.gpu_hours == 100 + 4 * 730
