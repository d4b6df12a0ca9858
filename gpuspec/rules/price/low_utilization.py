"""GS513 low-utilization."""

from __future__ import annotations

from collections.abc import Iterator

from gpuspec.lint import Facts, Finding, Rule
from gpuspec.rules.options import share
from gpuspec.words import dollars


class LowUtilization(Rule):
    """A server that waits nearly all the time, by the traffic that its job declares.

    ## What it does
    Where `traffic` says how many requests come, compares them with what the machines that always run answer at best,
    and reports a share below `min_utilization`. Silent where the service scales to zero, and where the speed of the
    machine is not known.

    The option is about requests; a job's own `min_utilization` is about the time in which its GPUs work, measured
    while it runs. One request at a time keeps a GPU at work, at a small share of what it could answer: a service may
    be above the one and below the other.

    ## Why is this bad
    A machine is paid by the hour, whether it answers or not: at 2 % each answer costs fifty times what it would on a
    machine that is busy.

    ## Example
    ```jsonc
    {
      "name": "chat",
      "task": "serve",
      "gpu_types": ["RTX 4090"],
      "keep_alive_minutes": 30,
      "traffic": { "requests_per_day": 300, "input_tokens": 500, "output_tokens": 200 },
      "run": "vllm serve Qwen/Qwen2.5-7B-Instruct --max-model-len 8192"
    }
    ```

    ## Use instead
    ```jsonc
    {
      "name": "chat",
      "task": "serve",
      "gpu_types": ["RTX 4090"],
      "keep_alive_minutes": 30,
      "scaling": { "min": 0, "max": 1, "idle_minutes": 10 },
      "traffic": { "requests_per_day": 300, "input_tokens": 500, "output_tokens": 200 },
      "run": "vllm serve Qwen/Qwen2.5-7B-Instruct --max-model-len 8192"
    }
    ```

    ## When to ignore
    When answers must come at once at any hour, and no API may be asked.
    """

    code = "GS513"
    name = "low-utilization"
    severity = "info"
    confidence = "medium"
    asks_for = ("scaling.min",)
    options = (
        share(
            "min_utilization",
            0.1,
            "Least share of what its machines answer at best that a service should be asked.",
        ),
    )

    def check(self, facts: Facts) -> Iterator[Finding]:
        job, work, current = facts.job, facts.workload, facts.selected
        if current is None or not current.per_hour or work.task != "serve" or not job.traffic:
            return
        machines = job.scaling.replicas[0] if job.scaling else 1
        if not machines or not job.traffic.requests_per_day:
            return
        from gpuspec.planning.replicas import night_hours, replicas

        measure, machine = facts.market.measure, (current.gpu, current.gpu_count)
        found = replicas(job, measure.answers(*machine), measure.at_once(*machine), price=current.per_hour)
        if found is None:
            return
        busy = found.busy(found.demand.mean, machines)
        if busy is None or busy >= facts.options["min_utilization"]:
            return
        month = found.cost_of(machines)
        many = "one" if machines == 1 else f"{machines:,} machines of"
        runs = "answers" if machines == 1 else "answer"
        at_night = night_hours(found.demand, found.best)
        together = f"{at_night:.1f} h a day" if at_night >= 0.1 else f"{at_night * 60:.0f} minutes a day"
        yield self.finding(
            job.pointer("scaling.min") or job.pointer("traffic"),
            f"{job.traffic.requests_per_day:,.0f} requests a day are {_share(busy)} of what {many} {current.label} "
            f"{runs} at best: of {dollars(month)} a month, {dollars(month * (1 - busy))} pay for waiting",
            suggestion="scale to zero between requests, ask an API, or collect them: together they are "
            f"{together} of one machine",
            numbers=[("one machine, at best", f"{found.best.per_second:.3g} requests/s: {found.best.why}")],
        )


def _share(busy: float) -> str:
    return f"{busy * 100:.1f} %" if busy >= 0.001 else "less than 0.1 %"
