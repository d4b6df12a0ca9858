"""GS402 no-time-limit."""

from __future__ import annotations

import re
from collections.abc import Iterator

from gpuspec.lint import Edit, Facts, Finding, Fix, Option, Rule
from gpuspec.words import dollars


class NoTimeLimit(Rule):
    """Nothing ends the job when it hangs.

    ## What it does
    Reports batch and training jobs on a GPU that have neither `budget.max_hours` nor `budget.max_total`, and no
    `timeout` before their command. Servers and interactive work are not meant to end: there the idle minutes count.

    ## Why is this bad
    The worst case has no bound. A data loader that hangs on Friday evening is busy, so no idle timer ends it; by
    Monday an A100 80GB at $1.79 an hour has cost $107.

    ## Example
    ```jsonc
    {
      "name": "finetune",
      "task": "train",
      "gpu_types": ["A100 PCIe 80GB"],
      "keep_alive_minutes": 3,
      "run": "python train.py"
    }
    ```

    ## Use instead
    ```jsonc
    {
      "name": "finetune",
      "task": "train",
      "gpu_types": ["A100 PCIe 80GB"],
      "budget": { "max_hours": 12 },
      "keep_alive_minutes": 3,
      "run": "python train.py"
    }
    ```

    ## When to ignore
    When something outside the spec watches the job and ends it.
    """

    code = "GS402"
    name = "no-time-limit"
    severity = "info"
    fixable = "sometimes"
    asks_for = ("budget.max_hours",)
    options = (Option("hours", int, 24, "Hours that the fix sets.", minimum=1),)

    def check(self, facts: Facts) -> Iterator[Finding]:
        job, hourly = facts.job, facts.per_hour and facts.per_hour * (facts.workload.nodes or 1)
        task = facts.workload.task
        if job.budget and (job.budget.max_hours or job.budget.max_total):
            return
        if not (
            task in ("batch", "train") or (task in (None, "interactive") and _meant_to_end(facts))
        ) or _ends_itself(facts):
            return
        from gpuspec.rules.deployment.idle_command import waits

        if waits(facts, 1.0):
            return  # GS811 says it
        if hourly is None:
            if job.deployment is not None or job.gpu_types:  # it ends no sooner for want of a price
                yield self._unpriced(facts)
            return
        hours = facts.options["hours"]
        limit = Edit("set", "/budget", {"max_hours": hours})
        if "budget" in job.pointers:
            limit = Edit("set", "/budget/max_hours", hours)
        yield self.finding(
            "",
            f"nothing ends this job if it hangs: at {dollars(hourly)}/h each day that nobody looks costs "
            f"{dollars(hourly * 24)}",
            suggestion=_written(facts, hours, hourly),
            fix=Fix(
                f"set budget.max_hours to {hours}"
                if facts.format.in_spec_fields
                else f"limit it to {hours} h",
                (limit,),
                safe=False,
            ),
            numbers=[("a day", f"24 h × {dollars(hourly)}/h = {dollars(hourly * 24)}")],
        )

    def _unpriced(self, facts: Facts) -> Finding:
        field = facts.format.spelled("budget.max_hours")
        return self.finding(
            "",
            f"nothing ends this job if it hangs: without {field} it holds its GPU until somebody looks",
            suggestion=_written(facts, facts.options["hours"], 0.0),
        )


def _written(facts: Facts, hours: int, hourly: float) -> str:
    """How the limit is written in the format of the file."""
    if facts.format.in_spec_fields:
        bound = f"bounds it at {dollars(hourly * hours)}" if hourly else "ends it"
        written = f'"budget": {{"max_hours": {hours}}} {bound}'
    else:
        written = facts.format.examples.get(
            "budget.max_hours", f"set {facts.format.spelled('budget.max_hours')}"
        )
        written = re.sub(r"\b\d+h\b", f"{hours}h", written)
    return f"{written}; set what the job takes at most"


def _meant_to_end(facts: Facts) -> bool:
    """Whether its orchestrator takes it for work that ends: a pod that is not started again, a Job."""
    said = facts.job.deployment
    if said is None or said.suspended or facts.job.task == "interactive":
        return False
    return said.restarts in ("never", "on-failure")


def _ends_itself(facts: Facts) -> bool:
    """Whether `timeout 2h …` stands before a command."""
    return any(wrapper.name == "timeout" for step in facts.commands for wrapper in step.command.wrappers)
