"""Machines that would do, were the same job done another way."""

from __future__ import annotations

from collections.abc import Iterator

from gpuspec.lint import Facts
from gpuspec.planning.alternatives import Alternative, counts_to
from gpuspec.planning.features import capability_of
from gpuspec.workload import Workload


def cheaper_machines(
    facts: Facts, current: Alternative, another_way: Workload, *, at_most: float, gain: float = 1.0
) -> Iterator[Alternative]:
    """Those with no more GPUs than the current one, up to `at_most` $/h, cheapest first, that keep enough of the
    speed (option `min_speed`; `gain`: how much faster the other way is on the same GPU)."""
    market, counts = facts.case.instead(workload=another_way).market, counts_to(current.gpu_count)
    return market.cheaper(current, counts, at_most=at_most, min_speed=facts.options["min_speed"], gain=gain)


def capability(machine: Alternative) -> float:
    """The GPU's compute capability; 0 where it is not known."""
    return capability_of(machine.gpu) or 0.0
