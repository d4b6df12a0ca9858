"""How many machines of one kind a service takes for its declared load, and what they cost a month."""

import math

from gpuspec.job.job import Job, Scaling
from gpuspec.named_tuple import NamedTuple
from gpuspec.planning.answering import AnswerPace, Answers, least_at, most_within, queue_seconds, too_slow
from gpuspec.planning.traffic import hours_per_month, requests_per_hour

UNKNOWN_PEAK = (1.0, 3.0)
"""Where nobody says how much busier the busiest hour is: from a load that is even day and night to three times the
mean, of people in one time zone."""

FULL = 0.8
"""The share of what machines answer at best from which requests begin to wait: they come at random, not evenly.
Autoscalers usually add a machine there."""

HOURS = 24

MORE = 16
"""Machines beyond those that keep up, which are tried for a shorter wait."""


class Demand(NamedTuple):
    """What is asked of a service. `mean` and `peak` are requests a second, `peak` None where nobody says how much
    busier the busiest hour is; `mean` is 0 where only `users` are declared, who are there at once."""

    mean: float
    peak: float | None = None
    users: int = 0
    answer: float = 0.0
    """Tokens of an answer."""

    @property
    def busiest(self) -> float:
        """Requests a second of the busiest hour; where that is not known the mean, which is less."""
        return self.mean if self.peak is None else self.peak


class Count(NamedTuple):
    """Machines of one kind for a `demand`. `best` is one of them with as many at once as it may have; `mean` and
    `peak` are the machines for the mean and the busiest hour, each with at most `each` requests a second: what the
    best one answers, or as many fewer as keep waits within the `slo`. `paid` are those that are paid for on average.
    `met`: whether the `slo` is kept."""

    demand: Demand
    best: AnswerPace
    mean: int
    peak: int
    each: float
    paid: float
    met: bool = True


class Replicas(NamedTuple):
    """Counted machines at `price` $/h each, that run `hours` a month. `at_peak` is how one of them answers in the
    busiest hour, `wait` the seconds until it lets a request in (None: ever longer); `scaling` what the job allows;
    `misses` says what of the `slo` not even one sequence alone meets."""

    counted: Count
    at_peak: AnswerPace
    wait: float | None
    price: float
    hours: float
    scaling: Scaling | None = None
    misses: str = ""

    @property
    def demand(self) -> Demand:
        """What is asked of the machines."""
        return self.counted.demand

    @property
    def best(self) -> AnswerPace:
        """One machine with as many at once as it may have."""
        return self.counted.best

    @property
    def per_month(self) -> float:
        """Dollars."""
        return self.cost_of(self.counted.paid)

    def cost_of(self, machines: float) -> float:
        """Dollars a month of so many of these machines."""
        return machines * self.price * self.hours

    @property
    def most(self) -> int | None:
        """The most machines that `scaling` allows; None where it is not declared."""
        return self.scaling.replicas[1] if self.scaling else None

    @property
    def sequences(self) -> float:
        """At once in the busiest hour on all machines: requests a second × seconds each (Little's law)."""
        whole = self.at_peak.whole
        by_traffic = self.demand.busiest * whole if whole else 0.0
        return max(by_traffic, self.demand.users)

    def busy(self, rate: float, machines: float) -> float | None:
        """The share of what so many machines answer at best that so many requests a second are."""
        answers = self.best.per_second * machines
        return rate / answers if answers else None

    @property
    def requests_per_month(self) -> float:
        """Of a mean month."""
        return self.demand.mean * 3600 * self.hours

    @property
    def per_thousand(self) -> float | None:
        """Dollars per 1,000 requests."""
        requests = self.requests_per_month
        return self.per_month / requests * 1000 if requests else None

    @property
    def per_million(self) -> float | None:
        """Dollars per million tokens written."""
        tokens = self.requests_per_month * self.demand.answer
        return self.per_month / tokens * 1e6 if tokens else None


def demand_of(job: Job) -> Demand | None:
    """What the job says of its load; None where it says nothing that machines can be counted by."""
    traffic = job.traffic
    if (
        not traffic
        or not traffic.requests_per_day
        or traffic.input_tokens is None
        or not traffic.output_tokens
    ):
        return Demand(0.0, users=job.users) if job.users else None
    mean = requests_per_hour(traffic, job.schedule) / 3600
    factor = traffic.peak_factor
    return Demand(mean, mean * factor if factor else None, job.users or 0, traffic.output_tokens)


def count(job: Job, answers: Answers, most_each: int) -> Count | None:
    """Machines that answer so, up to `most_each` at once each, for the load of a job; None where the load or the
    speed is not known."""
    demand = demand_of(job)
    if demand is None:
        return None
    within = most_within(answers, most_each, job.slo)
    best = within or answers(1)
    if best is None:
        return None
    peak = least = machines_for(demand.busiest, demand.users, best)
    if within and job.slo and job.slo.ttft_ms and demand.mean:
        peak = _without_long_waits(answers, demand, best, most_each, least, job.slo.ttft_ms / 1000)
    each = best.per_second if peak == least else demand.busiest / peak
    mean = max(1, _whole(demand.mean, each)) if demand.mean else peak
    counted = Count(demand, best, mean, peak, each, paid=peak, met=within is not None)
    low, high = job.scaling.replicas if job.scaling else (1, 1)
    if low == high:
        return counted._replace(paid=float(max(peak, low)))
    # `max` is no limit here: a machine that is too slow for it is not cheap.
    return counted._replace(paid=autoscaled(counted, max(low, 1), max(high, peak)))


def replicas(job: Job, answers: Answers, most_each: int, *, price: float) -> Replicas | None:
    """Such machines at `price` $/h each, with the cost of a month."""
    found, alone = count(job, answers, most_each), answers(1)
    if found is None or alone is None:
        return None
    machines = max(found.peak, job.scaling.replicas[0] if job.scaling else 1)
    rate = found.demand.busiest / machines
    return Replicas(
        found,
        at_peak=_at_peak(answers, found.demand, found.best, machines),
        wait=queue_seconds(answers, most_each, rate) if rate else 0.0,
        price=price,
        hours=hours_per_month(job.schedule),
        scaling=job.scaling,
        misses=too_slow(alone, job.slo),
    )


def _without_long_waits(
    answers: Answers, demand: Demand, best: AnswerPace, most_each: int, machines: int, seconds: float
) -> int:
    """So many machines or a few more: as many as let a request wait, on average, no longer than the first token may
    take. Each further one leaves less than half of the wait, so that few are needed. A request waits where as many as
    the server lets in (`most_each`) are answered; more than the `slo` allows on average it does let in."""
    for number in range(machines, machines + MORE):
        wait = queue_seconds(answers, most_each, demand.busiest / number)
        first = _at_peak(answers, demand, best, number).ttft or 0.0
        if wait is not None and wait + first <= seconds:
            return number
    return machines


def machines_for(per_second: float, users: int, best: AnswerPace) -> int:
    """Machines for so many requests a second and users at once, at least one."""
    return max(1, _whole(per_second, best.per_second), math.ceil(users / best.sequences))


def _whole(per_second: float, each: float) -> int:
    """Machines that answer `each` a second, for so many."""
    return math.ceil(per_second / each - 1e-9) if each else 0


def _at_peak(answers: Answers, demand: Demand, best: AnswerPace, machines: int) -> AnswerPace:
    """How one of so many machines answers in the busiest hour."""
    rate, users = demand.busiest / machines, math.ceil(demand.users / machines)
    found = (least_at(answers, best.sequences, rate) if rate else None) or answers(min(users, best.sequences))
    if found and users > found.sequences:
        found = answers(min(users, best.sequences))
    return found or best


def autoscaled(counted: Count, least: int, most: int) -> float:
    """Machines on average over a day on which as many run as each hour takes, from `least` to `most`."""
    demand = counted.demand
    floor = max(least, math.ceil(demand.users / counted.best.sequences))
    day = hours_of_day(demand.mean, demand.busiest)
    return sum(min(max(_whole(rate, counted.each), floor), most) for rate in day) / HOURS


def hours_of_day(mean: float, peak: float) -> tuple[float, ...]:
    """The rate of each hour of a day with this mean and this busiest hour, which swings between night and day and
    back: peak × ((1 + cos) ÷ 2)^k, where k makes the mean come out. An even day where the two are one."""
    if peak <= mean * (1 + 1e-9):
        return (mean,) * HOURS
    swing = [(1 + math.cos(2 * math.pi * hour / HOURS)) / 2 for hour in range(HOURS)]
    low, high = 0.0, 4096.0
    for _ in range(60):
        middle = (low + high) / 2
        if sum(part**middle for part in swing) / HOURS > mean / peak:
            low = middle
        else:
            high = middle
    return tuple(peak * part**high for part in swing)


def up_share(demand: Demand, machine: AnswerPace, idle_minutes: float) -> float:
    """The share of the time in which a machine that goes after so many idle minutes is up, where requests come at
    random: the chance that one came within the minutes, or is being answered, 1 − e^(−rate × time)."""
    return 1 - math.exp(-demand.mean * (idle_minutes * 60 + (machine.whole or 0.0)))


def night_hours(demand: Demand, best: AnswerPace) -> float:
    """Hours that one machine takes for a day's requests, all together at its best."""
    return demand.mean * HOURS / best.per_second if best.per_second else 0.0
