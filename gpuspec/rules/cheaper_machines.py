"""Machines that would do, were the same job done another way."""

from __future__ import annotations

from collections.abc import Iterator

from gpuspec.lint import Facts
from gpuspec.planning.alternatives import Alternative, counts_to
from gpuspec.workload import Workload


def cheaper_machines(
    facts: Facts, current: Alternative, another_way: Workload, *, at_most: float, gain: float = 1.0
) -> Iterator[Alternative]:
    """Those with no more GPUs than the current one, up to `at_most` $/h, cheapest first, that hold the declared
    concurrency and keep enough of the speed (option `min_speed`; `gain`: how much faster the other way is on the same
    GPU)."""
    market = facts.case.instead(workload=another_way).market
    for machine in market.fitting(counts_to(current.gpu_count)):
        if machine.per_hour > at_most:
            return
        if not machine.speed or not current.speed or not market.holds_concurrency(machine):
            continue
        if machine.speed * gain >= current.speed * facts.options["min_speed"]:
            yield machine


def capability(machine: Alternative) -> float:
    """The GPU's compute capability; 0 where it is not known."""
    return float(machine.gpu.compute_capability or 0)
