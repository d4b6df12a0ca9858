"""Declared traffic against machines: how many requests one answers, how many machines that makes."""

import math
from functools import cache
from typing import TYPE_CHECKING

from gpuspec.catalog import Gpu
from gpuspec.engines import engine_of
from gpuspec.job.job import Job, Schedule, Traffic
from gpuspec.named_tuple import NamedTuple
from gpuspec.planning.answering import (
    AnswerPace,
    Answers,
    Estimate,
    answering,
    request_of,
    tokens_of,
    too_slow,
)
from gpuspec.sizing import Need, Part
from gpuspec.words import HOURS_PER_MONTH
from gpuspec.workload import Workload
from gpuspec.workload.at_once import most_at_once, under_load

if TYPE_CHECKING:
    from gpuspec.sizing.speed.serving import RequestTokens

MOST_AT_ONCE = 1024
"""Sequences at once that no server is taken to exceed where its limit is not known: the highest default of any
engine here (vLLM's on data-centre GPUs)."""

DAYS_PER_MONTH = HOURS_PER_MONTH / 24


class Load(NamedTuple):
    """A day's requests against one kind of machine. `per_hour` is what one machine answers at best; `machines` how
    many that takes if requests came evenly; `busy` hours of one machine the work itself is."""

    per_hour: float
    machines: int
    busy: float
    why: str


def most_let_in(workload: Workload, gpu: Gpu) -> int:
    """The most sequences at once that the server lets in, by its command or its engine's default."""
    engine = engine_of(workload.engine)
    limit = most_at_once(workload, engine.default(workload.engine_version, gpu.name, gpu.vram_gib))
    return limit or (MOST_AT_ONCE if engine.memory.queues else workload.concurrency or 1)


def requests_per_hour(traffic: Traffic, schedule: Schedule | None = None) -> float:
    """Requests of the mean hour in which the service runs: those of a day come in the hours of it."""
    hours = hours_per_month(schedule)
    return (traffic.requests_per_day or 0.0) * DAYS_PER_MONTH / hours


def hours_per_month(schedule: Schedule | None) -> float:
    """Hours a month for which a service's machines are paid: all of them where nothing else is said."""
    return (schedule and schedule.hours_per_month) or HOURS_PER_MONTH


def answers_of(
    workload: Workload, gpu: Gpu, gpus: int, traffic: Traffic | None, estimate: Estimate = "expected"
) -> Answers:
    """How `gpus` of a GPU answer so many at once, each number worked out once. Prompts are read as fast beside any
    number."""
    from gpuspec.sizing.speed.serving import prefill_of  # not needed to lint a job without a load

    read = prefill_of(workload, gpu, gpus, request_of(workload, traffic))

    @cache
    def answers(many: int) -> AnswerPace | None:
        return answering(workload, gpu, gpus, many=many, traffic=traffic, estimate=estimate, read=read)

    return answers


def load(
    workload: Workload,
    gpu: Gpu,
    gpus: int,
    traffic: Traffic,
    share: float = 1.0,
    schedule: Schedule | None = None,
) -> Load | None:
    """A share of the traffic on machines of `gpus` GPUs; None where a number or a speed is not known. All of it comes
    in the hours of the schedule.

    Deliberately kind to the machine (at the high speed, even traffic, full batches), so that what is found to cost
    more than something else really does."""
    if not traffic.requests_per_day or tokens_of(traffic) == (None, None):
        return None
    many = under_load(workload, gpu)
    found = answering(workload, gpu, gpus, many=many, traffic=traffic, estimate="high")
    if found is None or not found.each:
        return None
    per_hour, requests = 3600 * found.per_second, traffic.requests_per_day * share
    machines = max(1, math.ceil(share * requests_per_hour(traffic, schedule) / per_hour))
    return Load(per_hour, machines, requests / per_hour, found.why)


def too_slow_alone(job: Job, workload: Workload, gpu: Gpu, gpus: int) -> str:
    """In words, what of the job's `slo` a machine surely does not keep: not at its highest speed, and with a single
    request at a time. "" where it may, or its speed is not known."""
    if job.slo is None or workload.task in ("batch", "train"):
        return ""
    alone = answering(workload, gpu, gpus, many=1, traffic=job.traffic, estimate="high")
    return too_slow(alone, job.slo) if alone else ""


def most_kindly(workload: Workload, gpu: Gpu, need: Need | None, request: "RequestTokens") -> int:
    """The most requests at once that a server can answer: no more than it lets in, and than have room where all but
    their caches is as small as it may be."""
    most = most_let_in(workload, gpu)
    if need is None:
        return most
    from gpuspec.sizing.speed.serving import room

    def least(part: Part) -> Part:
        return part if part.name == "KV cache" else part._replace(expected=part.low)

    phases = (phase._replace(parts=tuple(map(least, phase.parts))) for phase in need.phases)
    held = room(workload, gpu, need._replace(phases=tuple(phases)), request.mean)
    return most if held is None else max(1, min(most, held))
