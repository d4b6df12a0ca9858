"""What the offers of a job are compared by: dollars an hour, for the job, or for a million tokens."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
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
    from gpuspec.sizing.speed.rates import Unit, WorkRate

SHEET_GAIN = 0.5
"""The power of the data sheets' ratio that is counted where two GPUs do one job, and nothing better is known: four
times the bandwidth or TFLOPS is taken for twice the work. Of 48 pairs of measurements of one model on two cards
(llama.cpp and vLLM, 2026) the median is 0.80, and three in four are above 0.5; for TFLOPS nothing is known. The low
figure, so that a dearer machine must be sure to earn its price."""

SURE_GAIN = 0.67
"""The same of the ratio of two rates that the model of speed expects. Of 49 pairs of measurements of one model on two
cards (llama.cpp and vLLM, 2026; expected ratios of 1.3 and more) the median is 1.03, and three in four are above
0.67."""


class Yield(NamedTuple):
    """What one price an hour buys. `machines` are paid for on average, and do `work` an hour together, in the
    measure's unit; `sure` is what is sure of it next to other machines; `at_once` sequences are answered on each
    (None where that does not matter)."""

    work: float
    sure: float
    machines: float = 1.0
    at_once: int | None = None


class JobRates:
    """How fast machines do one workload: each is worked out once. `at_once` says how many sequences they answer
    together under load, `traffic` the tokens of a request, `used_of` how many of so many GPUs are put to work."""

    def __init__(
        self,
        workload: Workload,
        *,
        traffic: Traffic | None,
        at_once: Callable[[Gpu, int], int],
        used_of: Callable[[int], int] = int,
    ) -> None:
        self.workload = workload
        self._traffic = traffic
        self._at_once = at_once
        self._used_of = used_of
        self._found: dict[tuple[str, int, int], WorkRate | None] = {}

    def of(self, gpu: Gpu, gpu_count: int, at_once: int | None = None) -> WorkRate | None:
        """Units of work a second on so many of a GPU, `at_once` sequences together (None: as many as under load);
        None where that is not known."""
        writes = generates_text(self.workload)
        many = (at_once or self._at_once(gpu, gpu_count)) if writes else 1
        key = (gpu.name, gpu_count, many)
        if key not in self._found:
            # Nothing of it is needed where the model is not known.
            from gpuspec.planning.answering import stated_or_usual
            from gpuspec.sizing.speed.work import work_rate

            work = self.workload._replace(users=None, concurrency=many) if writes else self.workload
            request = stated_or_usual(work, self._traffic) if writes else None
            found = work_rate(work, gpu, self._used_of(gpu_count), request)
            self._found[key] = None if isinstance(found, Unsized) else self._of_each(found, gpu_count)
        return self._found[key]

    def _of_each(self, rate: WorkRate, gpu_count: int) -> WorkRate:
        """The part of each machine, where one server is spread over several."""
        if not generates_text(self.workload):
            return rate
        from gpuspec.workload.workload import machines_together

        together = machines_together(self.workload, self._used_of(gpu_count))
        return rate._replace(per_second=rate.per_second.times(1 / together)) if together > 1 else rate


class Measure:
    """How the machines of one job are compared, the same for all of them. `asked` is `--by`; without it, by what the
    work is paid by. Where a fact is missing that decides for every machine alike, `by` is the hour, and `missing`
    says which. `probes` are machines of the kind that is asked for, by which it is seen whether rates are known."""

    def __init__(
        self,
        job: Job,
        workload: Workload,
        *,
        need: Need | Unsized,
        counts: frozenset[int],
        fit_of: Callable[[Gpu, int], Fit | None],
        probes: Callable[[], list[tuple[Gpu, int]]],
        used_of: Callable[[int], int] = int,
        asked: By | None = None,
    ) -> None:
        self.workload = workload
        self._job = job
        self.asked = asked
        self.traffic = _whole(job.traffic)
        self._fit_of = fit_of
        self._used_of = used_of
        self._answers: dict[tuple[str, int], Answers] = {}
        self._short: dict[tuple[str, int], str] = {}
        self._at_once: dict[tuple[str, int], int] = {}
        self._sized = isinstance(need, Need)
        self._probes = probes
        self.rates = JobRates(workload, traffic=self.traffic, at_once=self.at_once, used_of=used_of)
        self.paid: By = asked or paid_by(job, workload)
        """What the work is paid by, whether or not that is known of machines."""
        self.missing = "" if self.paid == "hour" else self._missing(need, counts)
        self.by: By = "hour" if self.missing else self.paid
        self._yields: dict[tuple[str, int], Yield | None] = {}

    @cached_property
    def unit(self) -> Unit | None:
        """What work is counted in; None where the rate of no machine is known, and data sheets have to do."""
        if not self._sized:
            return None
        found = (self.rates.of(gpu, gpu_count) for gpu, gpu_count in self._probes())
        return next((rate.unit for rate in found if rate), None)

    def rate(self, gpu: Gpu, gpu_count: int) -> Yield | None:
        """What a machine with so many of a GPU does; None where its speed is not known."""
        if self.by == "hour":
            return Yield(1.0, 1.0, self._for_users(gpu, gpu_count))
        key = (gpu.name, gpu_count)
        if key not in self._yields:
            counted = self.by == "token" and self.traffic is not None
            self._yields[key] = self._traffic(gpu, gpu_count) if counted else self._work(gpu, gpu_count)
        return self._yields[key]

    def cost(self, gpu: Gpu, gpu_count: int, per_hour: float) -> float | None:
        """Dollars per unit at a price: an hour; what `units.SOLD` sells of the work; where only data sheets are
        known, what one unit of the job's work costs (comparable only with the same job's). None where the speed is
        not known."""
        found = self.rate(gpu, gpu_count)
        return None if found is None else per_hour * found.machines / found.work

    def rank(self, gpu: Gpu, gpu_count: int, per_hour: float) -> float | None:
        """What the plan sorts by: the cost, were no more gained by a faster machine than is sure."""
        found = self.rate(gpu, gpu_count)
        return None if found is None else per_hour * found.machines / found.sure

    def _for_users(self, gpu: Gpu, gpu_count: int) -> float:
        """Machines for the users that must be served at once, where an `slo` says how quickly; else one."""
        asked = self._job.slo and self._job.users and not self.traffic and not self.asked
        found = self._count(gpu, gpu_count) if asked and self.workload.task == "serve" else None
        return found.paid if found else 1.0

    def _work(self, gpu: Gpu, gpu_count: int) -> Yield | None:
        if self.unit is None:
            bound = speed_of(self.workload, gpu, gpu_count)
            return Yield(bound**SHEET_GAIN, bound**SHEET_GAIN) if bound and self.by == "job" else None
        rate = self.rates.of(gpu, gpu_count)
        if rate is None:
            return None
        from gpuspec.planning.units import an_hour

        work = an_hour(rate)
        many = self.at_once(gpu, gpu_count) if rate.unit == "tokens written" else None
        return Yield(work, work if self.by == "token" else work**SURE_GAIN, at_once=many)

    def _traffic(self, gpu: Gpu, gpu_count: int) -> Yield | None:
        counted, tokens = self._count(gpu, gpu_count), self.traffic and self.traffic.output_tokens
        if counted is None or not tokens:
            return None
        from gpuspec.workload.workload import machines_together

        done = counted.demand.mean * 3600 * tokens / 1e6
        paid = counted.paid * machines_together(self.workload, gpu_count)
        return Yield(done, done, paid, self.at_once(gpu, gpu_count))

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
        """Sequences that are answered at once under load, no more than the cache has room for; where somebody works
        with it, one, or what was declared."""
        key = (gpu.name, gpu_count)
        if key not in self._at_once:
            self._at_once[key] = self._with_room(gpu, gpu_count)
        return self._at_once[key]

    def _with_room(self, gpu: Gpu, gpu_count: int) -> int:
        work = self.workload
        if work.task == "interactive":
            return work.users or work.concurrency or 1
        if self._job.users:  # one machine may take more of them than `scaling` would give it
            work = work._replace(users=self._job.users)
        many, fit = under_load(work, gpu), self._fit_of(gpu, gpu_count)
        if fit is None:
            return many
        from gpuspec.planning.answering import stated_or_usual
        from gpuspec.sizing.speed.serving import room

        tokens = stated_or_usual(work, self.traffic).mean
        if work.users and not self.traffic:  # who have all of their caches
            tokens = work.context or tokens
        held = room(work, gpu, fit.need, tokens)
        return many if held is None else max(1, min(many, held))

    def _missing(self, need: Need | Unsized, counts: frozenset[int]) -> str:
        """Why nothing can be compared by the job or the token, in words; "" where it can."""
        wanted, task = self.paid, self.workload.task
        if wanted == "job" and task in ("serve", "interactive"):
            return "it has no end of its own"
        if wanted == "token" and not generates_text(self.workload):
            return "it writes no tokens"
        if isinstance(need, Unsized):
            return f"its speed is not known ({need.reason})"
        if counts != {1} and self.unit is None:
            if len(counts) > 1:
                return "how much faster another number of GPUs does it is not known"
            if wanted == "job" and task == "train":
                return "the links between the GPUs decide how fast several of them train"
        return ""


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
