"""Machines that would do, were the same job done another way."""

from __future__ import annotations

from collections.abc import Iterator

from gpuspec.lint import Facts
from gpuspec.planning.alternatives import Alternative, counts_to
from gpuspec.planning.compare import Compared, cheaper, least_hourly
from gpuspec.planning.features import capability_of
from gpuspec.workload import Workload


def cheaper_machines(
    facts: Facts, current: Alternative, another_way: Workload, *, at_most: float, gain: float = 1.0
) -> Iterator[Compared]:
    """Those with no more GPUs than the current one on which the work costs at most that share of what it costs now,
    what costs least first, that keep enough of the speed (option `min_speed`; `gain`: how much faster the other way
    is on the same GPU, where only data sheets are known). They ask less an hour by the option `min_saving` than any
    that holds the job as it is: else it is no smaller machine that the other way makes do with."""
    limit = least_hourly(facts.market, current) * (1 - facts.options["min_saving"])
    there, counts = facts.case.instead(workload=another_way).market, counts_to(current.gpu_count)
    return cheaper(
        there,
        current,
        counts,
        at_most=at_most,
        min_speed=facts.options["min_speed"],
        here=facts.market,
        gain=gain,
        most_per_hour=limit,
    )


def capability(machine: Alternative) -> float:
    """The GPU's compute capability; 0 where it is not known."""
    return capability_of(machine.gpu) or 0.0
