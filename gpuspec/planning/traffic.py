"""Declared traffic against machines: how many requests one answers, how many machines that makes."""

import math
from typing import Literal

from gpuspec.catalog import Gpu
from gpuspec.engines import engine_of
from gpuspec.job.job import Traffic
from gpuspec.named_tuple import NamedTuple
from gpuspec.sizing import Unsized
from gpuspec.workload import Workload
from gpuspec.workload.at_once import at_once

BATCH = 64
"""Sequences at once where no limit was declared: guides to serving advise batches of 32 to 64
requests as the best trade of speed and delay."""


class Load(NamedTuple):
    """A day's requests against one kind of machine. `per_hour` is what one machine answers at best; `machines` how
    many that takes if requests came evenly; `busy` hours of one machine the work itself is."""

    per_hour: float
    machines: int
    busy: float
    why: str


def sequences_at_once(workload: Workload, gpu: Gpu) -> int:
    """Sequences that are answered at once under load: the users that must be, else those declared, else a usual
    batch."""
    engine = engine_of(workload.engine)
    many = at_once(workload, engine.default(workload.engine_version, gpu.name, gpu.vram_gib)).sequences
    return many or (BATCH if engine.memory.queues else 1)


def load(
    workload: Workload,
    gpu: Gpu,
    gpus: int,
    traffic: Traffic,
    share: float = 1.0,
    *,
    pace: Literal["expected", "high"] = "high",
) -> Load | None:
    """A share of the traffic on machines of `gpus` GPUs; None where a number or a speed is not known.

    Deliberately kind to the machine (at the high `pace`, even traffic, full batches), so that what is found to cost
    more than something else really does."""
    requests, taken_in, given_out = traffic.requests_per_day, traffic.input_tokens, traffic.output_tokens
    if not requests or taken_in is None or not given_out:
        return None
    many = sequences_at_once(workload, gpu)
    whole = int(taken_in + given_out)
    context = max(1, min(workload.context or whole, whole))
    from gpuspec.sizing.speed.text import speed  # nothing of it is needed to lint a job without a model

    found = speed(workload._replace(users=None, concurrency=many, context=context), gpu, gpus)
    if isinstance(found, Unsized) or found.decode is None or found.prefill is None:
        return None
    writing, reading = getattr(found.decode, pace), getattr(found.prefill, pace)
    seconds = given_out / writing + taken_in / reading
    per_hour = 3600 / seconds
    why = (
        f"{given_out:g} tokens ÷ {writing:,.0f}/s + {taken_in:g} ÷ {reading:,.0f}/s = "
        f"{seconds:.3f} s a request, {many} at once"
    )
    machines = max(1, math.ceil(requests * share / 24 / per_hour))
    return Load(per_hour, machines, requests * share / per_hour, why)
