"""What the offers of a job are compared by: dollars an hour, for the job, or for a million tokens."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from gpuspec.catalog import Gpu
from gpuspec.job.job import Job, Traffic
from gpuspec.named_tuple import NamedTuple
from gpuspec.planning.alternatives import generates_text, speed_of
from gpuspec.sizing import Fit, Need, Unsized
from gpuspec.words import By
from gpuspec.workload import Workload
from gpuspec.workload.at_once import under_load

if TYPE_CHECKING:
    from gpuspec.planning.answering import Answers
    from gpuspec.planning.replicas import Count

SURE_GAIN = 0.5
"""The power of the data sheets' ratio that is counted where two GPUs do one job: four times the bandwidth or TFLOPS
is taken for twice the work. Of 48 pairs of measurements of one model on two cards (llama.cpp and vLLM, 2026) the
median is 0.80, and three in four are above 0.5; for TFLOPS nothing is known. The low figure, so that a dearer machine
must be sure to earn its price."""


class Yield(NamedTuple):
    """What one price an hour buys. `machines` are paid for on average, and do `work` an hour together, in the
    measure's unit; `at_once` sequences are answered on each (None where that does not matter)."""

    work: float
    machines: float = 1.0
    at_once: int | None = None


class Measure:
    """How the machines of one job are compared, the same for all of them. `asked` is `--by`; without it, by what the
    work is paid by. Where a fact is missing that decides for every machine alike, `by` is the hour, and `missing`
    says which."""

    def __init__(
        self,
        job: Job,
        workload: Workload,
        *,
        need: Need | Unsized,
        counts: frozenset[int],
        fit_of: Callable[[Gpu, int], Fit | None],
        used_of: Callable[[int], int] = int,
        asked: By | None = None,
    ) -> None:
        self.workload = workload
        self._job = job
        self.asked = asked
        self.traffic = _whole(job.traffic)
        wanted = asked or paid_by(job, workload)
        self.missing = "" if wanted == "hour" else _missing(wanted, workload, need, counts)
        self.by: By = "hour" if self.missing else wanted
        self._fit_of = fit_of
        self._used_of = used_of
        self._rates: dict[tuple[str, int], Yield | None] = {}
        self._answers: dict[tuple[str, int], Answers] = {}
        self._short: dict[tuple[str, int], str] = {}

    def rate(self, gpu: Gpu, gpu_count: int) -> Yield | None:
        """What a machine with so many of a GPU does; None where its speed is not known."""
        if self.by == "hour":
            return Yield(1.0, self._for_users(gpu, gpu_count))
        key = (gpu.name, gpu_count)
        if key not in self._rates:
            self._rates[key] = (
                self._work(gpu, gpu_count) if self.by == "job" else self._tokens(gpu, gpu_count)
            )
        return self._rates[key]

    def cost(self, gpu: Gpu, gpu_count: int, per_hour: float) -> float | None:
        """Dollars per unit at a price: an hour, a million tokens written, or what one unit of the job's work costs
        (comparable only with the same job's); None where the speed is not known."""
        found = self.rate(gpu, gpu_count)
        return None if found is None else per_hour * found.machines / found.work

    def _for_users(self, gpu: Gpu, gpu_count: int) -> float:
        """Machines for the users that must be served at once, where an `slo` says how quickly; else one."""
        asked = self._job.slo and self._job.users and not self.traffic and not self.asked
        found = self._count(gpu, gpu_count) if asked and self.workload.task == "serve" else None
        return found.paid if found else 1.0

    def _work(self, gpu: Gpu, gpu_count: int) -> Yield | None:
        bound = speed_of(self.workload, gpu, gpu_count)
        return Yield(bound**SURE_GAIN) if bound else None

    def _tokens(self, gpu: Gpu, gpu_count: int) -> Yield | None:
        many = self.at_once(gpu, gpu_count)
        work = self.workload._replace(users=None, concurrency=many)
        if self.traffic is None:
            from gpuspec.sizing.speed.text import speed

            found = speed(work, gpu, gpu_count)
            if isinstance(found, Unsized) or not found.decode:
                return None
            return Yield(found.decode.expected * 3600 / 1e6, at_once=many)
        counted, tokens = self._count(gpu, gpu_count), self.traffic.output_tokens
        if counted is None or not tokens:
            return None
        return Yield(counted.demand.mean * 3600 * tokens / 1e6, counted.paid, many)

    def _count(self, gpu: Gpu, gpu_count: int) -> Count | None:
        from gpuspec.planning.replicas import count

        return count(self._job, self.answers(gpu, gpu_count), self.at_once(gpu, gpu_count))

    def answers(self, gpu: Gpu, gpu_count: int) -> Answers:
        """How such a machine is expected to answer so many at once."""
        key = (gpu.name, gpu_count)
        if key not in self._answers:
            from gpuspec.planning.traffic import answers_of

            used = self._used_of(gpu_count)
            self._answers[key] = answers_of(self.workload, gpu, used, self._job.traffic)
        return self._answers[key]

    def serves(self, gpu: Gpu, gpu_count: int) -> bool:
        """Whether such machines do what the service promises, see `falls_short`."""
        return not self.falls_short(gpu, gpu_count)

    def falls_short(self, gpu: Gpu, gpu_count: int) -> str:
        """In words, what of the job's `slo`, and of the number of machines that `scaling` allows, such machines do
        not keep, as expected and as far as that is known; "" where they do."""
        key, slo, scaling = (gpu.name, gpu_count), self._job.slo, self._job.scaling
        if self.workload.task in ("batch", "train") or not (slo or (self.traffic and scaling)):
            return ""
        if key not in self._short:
            from gpuspec.planning.answering import too_slow

            alone, counted = self.answers(gpu, gpu_count)(1), self._count(gpu, gpu_count)
            said = "is not expected to keep the slo" if alone and too_slow(alone, slo) else ""
            if counted and scaling and counted.peak > scaling.replicas[1]:
                said = said or f"{counted.peak} of it are more than `scaling` allows"
            self._short[key] = said
        return self._short[key]

    def at_once(self, gpu: Gpu, gpu_count: int) -> int:
        """Sequences that are answered at once under load, no more than the cache has room for."""
        work = self.workload
        if self._job.users:  # one machine may take more of them than `scaling` would give it
            work = work._replace(users=self._job.users)
        many, fit = under_load(work, gpu), self._fit_of(gpu, gpu_count)
        if fit is None:
            return many
        from gpuspec.sizing.speed.serving import Exchange, room, usual_exchange

        tokens = usual_exchange(work).mean
        if self.traffic:
            tokens = Exchange(self.traffic.input_tokens or 0.0, self.traffic.output_tokens or 0.0).mean
        elif work.users:  # who have all of their caches
            tokens = work.context or tokens
        held = room(work, gpu, fit.need, tokens)
        return many if held is None else max(1, min(many, held))


def paid_by(job: Job, workload: Workload) -> By:
    """What the work is paid by. A server without declared traffic is paid by the hour: nobody says that it is busy,
    and an idle machine costs what it costs an hour."""
    if workload.task in ("batch", "train"):
        return "job"
    return "token" if workload.task == "serve" and _whole(job.traffic) else "hour"


def _whole(traffic: Traffic | None) -> Traffic | None:
    """The declared traffic, where it says enough to count tokens."""
    stated = (
        traffic and traffic.requests_per_day and traffic.output_tokens and traffic.input_tokens is not None
    )
    return traffic if stated else None


def _missing(wanted: By, workload: Workload, need: Need | Unsized, counts: frozenset[int]) -> str:
    """Why nothing can be compared by the job or the token, in words; "" where it can."""
    if len(counts) > 1:
        return "how much faster another number of GPUs does it is not known"
    if wanted == "job" and workload.task in ("serve", "interactive"):
        return "it has no end of its own"
    if wanted == "job" and workload.task == "train" and counts != {1}:
        return "the links between the GPUs decide how fast several of them train"
    if wanted == "token" and not generates_text(workload):
        return "it writes no tokens"
    return f"its speed is not known ({need.reason})" if isinstance(need, Unsized) else ""
