"""How long a job takes on a machine, and how many hours a month it is paid for. What is not known stays unknown."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from gpuspec.catalog import Gpu
from gpuspec.job.job import Job
from gpuspec.named_tuple import NamedTuple
from gpuspec.planning.alternatives import Alternative
from gpuspec.planning.cost import cost_at
from gpuspec.planning.market import Market
from gpuspec.planning.plan import Plan
from gpuspec.sizing.speed.rates import Range, WorkAsked, WorkRate
from gpuspec.words import HOURS_PER_MONTH, figure
from gpuspec.workload import Workload

if TYPE_CHECKING:
    from gpuspec.planning.case import Case


class Length(NamedTuple):
    """Hours from the first unit of work to the last; downloads, setup and idle minutes are not in it. `expected` is
    None where only a limit is known; `origin` is how it comes about, in words."""

    low: float
    expected: float | None
    high: float
    origin: str

    @property
    def in_words(self) -> str:
        """`about 3.1 h (2.2–5.0)`, `at most 8 h`."""
        if self.expected is None:
            return f"at most {figure(self.high)} h"
        span = f" ({figure(self.low)}–{figure(self.high)})" if self.high > self.low * 1.005 else ""
        return f"about {figure(self.expected)} h{span}"


class Hours(NamedTuple):
    """What a saving of so many dollars an hour comes to: hours `a_month` of a job that runs all month or on a
    schedule, hours `a_run` of one that ends. None where that is not known."""

    a_month: float | None = None
    a_run: float | None = None


def work_of_each(workload: Workload, gpus: int) -> WorkAsked | None:
    """What a training on so many GPUs works through, where its commands say it; each machine has its share of it."""
    if workload.task != "train" or not (workload.steps or workload.epochs):
        return None
    from gpuspec.sizing.speed.work import work_asked

    found = work_asked(workload, gpus)
    return found and found._replace(total=found.total.times(1 / (workload.nodes or 1)))


def length(job: Job, amount: WorkAsked | None, rate: WorkRate | None) -> Length | None:
    """How long the work takes at a rate, or may take at most; None where nothing is known of it."""
    most = job.budget.max_hours if job.budget else None
    if amount is None or rate is None or rate.unit != amount.unit:
        return None if most is None else Length(0.0, None, most, "budget.max_hours ends it")
    done, speed = amount.total, rate.per_second
    hours = Range(done.low / speed.high, done.expected / speed.expected, done.high / speed.low).times(
        1 / 3600
    )
    units = rate.unit.split()[0]
    origin = f"{large(done.expected)} {units} ({amount.why}) at {figure(speed.expected)}/s"
    return limited(hours, origin, most)


def limited(hours: Range, origin: str, most: float | None) -> Length:
    """Hours of work, of which `budget.max_hours` may cut off the rest."""
    if most is None or most >= hours.high:
        return Length(*hours, origin)
    cut = Range(*(min(each, most) for each in hours))
    return Length(*cut, f"{origin}; budget.max_hours ends it after {figure(most)} h")


def hours_of(
    job: Job,
    workload: Workload,
    selected: Alternative | None,
    rate_of: Callable[[Gpu, int], WorkRate | None],
    usual: float | None = None,
) -> Hours:
    """For how long a month, or a run, the machine of a job is paid for: the one that it comes down to. `usual`: hours
    of one run, where the settings or earlier runs tell them."""
    schedule = job.schedule
    run = work_hours(job, workload, selected, rate_of) if usual is None else usual
    if schedule and schedule.hours_per_month:
        return Hours(schedule.hours_per_month, run)
    if schedule and schedule.runs_per_month:
        return Hours(None if run is None else schedule.runs_per_month * run, run)
    ends = job.budget is not None and job.budget.max_hours is not None
    always = job.scaling is None or (job.scaling.min or 0) >= 1
    if workload.task == "serve" and always and not ends:
        return Hours(HOURS_PER_MONTH)
    return Hours(None, run)


def hours_of_case(case: Case) -> Hours:
    """Those of a case. Of a job that does not run there is nothing to save; of a service that goes to zero nobody
    knows for how long it is up."""
    asked = case.workload.task == "serve" and goes_to_zero(case) and not case.job.schedule
    if asked or does_not_run(case):
        return Hours()
    usual = usual_run(case)
    return hours_of(
        case.job, case.workload, case.selected, case.market.measure.rates.of, usual and usual.hours
    )


class UsualRun(NamedTuple):
    """Hours of one run as they usually are, and who says so."""

    hours: float
    why: str
    measured: bool = False


def usual_run(case: Case) -> UsualRun | None:
    """As the settings say, else as runs on the machine that the job comes down to were measured."""
    told = dict(case.settings.usage)
    if "hours_per_run" in told:
        return UsualRun(told["hours_per_run"], "hours_per_run of per-file-usage")
    on = case.selected
    for each in case.measured:
        if each.hours is not None and on and (each.gpu, each.gpus) == (on.gpu.name, on.gpu_count):
            return UsualRun(each.hours[1], f"measured: {each.which}", measured=True)
    return None


def does_not_run(case: Case) -> str:
    """Who says that a job runs at no time; "" where nobody does. A `schedule` of its own goes before the settings."""
    schedule, told = case.job.schedule, dict(case.settings.usage)
    if schedule and (schedule.hours_per_month or schedule.runs_per_month):
        return ""
    written = case.written is not None and case.written.schedule is not None
    if not written and 0 in (told.get("hours_per_month"), told.get("runs_per_month"), told.get("machines")):
        return "per-file-usage of the settings says that it does not run"
    if case.job.deployment is not None and case.job.deployment.suspended:
        return "it is suspended: nothing runs until somebody says so"
    return ""


def goes_to_zero(case: Case) -> bool:
    """Whether a service is up only while somebody asks."""
    scaling = case.job.scaling
    if case.document.format.goes_to_zero:
        return scaling is None or not scaling.min
    return scaling is not None and scaling.replicas[0] < 1


def work_hours(
    job: Job, workload: Workload, selected: Alternative | None, rate_of: Callable[[Gpu, int], WorkRate | None]
) -> float | None:
    """Expected hours of one run, by its work and the speed of its machine."""
    if workload.task != "train" or selected is None:
        return None
    amount = work_of_each(workload, selected.gpu_count)
    found = length(job, amount, rate_of(selected.gpu, selected.gpu_count)) if amount else None
    return found.expected if found else None


def large(number: float) -> str:
    """`10 M`, `1.2 B`, `850 k`: a large number of tokens."""
    for size, sign in ((1e12, "T"), (1e9, "B"), (1e6, "M"), (1e3, "k")):
        if number >= size * 0.9995:
            return f"{figure(number / size)} {sign}"
    return f"{number:,.0f}"


class JobLength(NamedTuple):
    """How long a job takes on the choice of its plan, and dollars for all of it if it takes as long as expected, with
    what is paid beside the work."""

    length: Length
    total: float | None


def length_on(market: Market, plan: Plan) -> JobLength | None:
    """On the choice of a plan. None where nothing is known of it, or no more than its time limit."""
    choice = plan.choice
    if choice is None:
        return None
    gpus = choice.offer.gpu_count
    amount = work_of_each(market.workload, gpus)
    found = length(market.job, amount, market.measure.rates.of(choice.gpu, gpus)) if amount else None
    if found is None or found.expected is None:
        return None
    total = cost_at(market.job, plan._replace(max_hours=found.expected), choice).total
    return JobLength(found, total)
