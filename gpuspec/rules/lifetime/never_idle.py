"""GS412 never-idle."""

from __future__ import annotations

from collections.abc import Iterator

from gpuspec.commands.steps import Step
from gpuspec.lint import Facts, Finding, Rule
from gpuspec.planning.idle_minutes import keep_alive
from gpuspec.rules.lifetime.last_command import is_server, maybe, of_run, seconds_of_wait, works
from gpuspec.rules.options import amount
from gpuspec.words import dollars, shortened

_LIMIT = 'give it a limit, such as "budget": {"max_hours": 8}, or run the work itself'


class NeverIdle(Rule):
    """The job never ends, so its machine is never idle.

    ## What it does
    Reports a job whose last command only waits (`sleep infinity`, `tail -f`, a loop of sleeps, a sleep of an hour
    or more), with no limit of time, or after its work until the limit is used up. As an info where it holds up a
    server in the background that nothing else watches. A container with a command that waits, and no other, is
    for `idle-command` (GS811).

    ## Why is this bad
    The idle minutes of `keep_alive_minutes` count from the end of the job: a job that waits is one that runs. The
    machine is paid for until somebody looks, after the work as much as before it. The same holds where a server in
    the background has died.

    ## Example
    ```jsonc
    {
      "name": "finetune",
      "task": "train",
      "gpu_types": ["RTX 4090"],
      "keep_alive_minutes": 3,
      "run": "python train.py; sleep infinity"
    }
    ```

    ## Use instead
    ```jsonc
    {
      "name": "finetune",
      "task": "train",
      "gpu_types": ["RTX 4090"],
      "keep_alive_minutes": 3,
      "run": "python train.py"
    }
    ```

    ## When to ignore
    When something else ends the machine, such as a person in the evening.
    """

    code = "GS412"
    name = "never-idle"
    severity = "warning"
    options = (amount("hours", 1.0, "Hours of sleep from which a job counts as one that waits."),)

    def check(self, facts: Facts) -> Iterator[Finding]:
        job = facts.job
        limit = job.budget.max_hours if job.budget else None
        trains = facts.workload.task in ("batch", "train")
        if limit and (job.deployment or not trains):
            return  # somebody sits at it for as long, or its own orchestrator ends it
        if job.budget and job.budget.max_total and not limit:
            return
        if facts.per_hour is None and not (job.gpu_types or job.gpu_count or job.min_vram):
            return  # nothing is rented
        steps = of_run(facts)
        last = steps[-1] if steps else None
        if last is None or maybe(last) or last.command.in_background:
            return
        if seconds_of_wait(last) < (limit or facts.options["hours"]) * 3600:
            return
        server = any(step.command.returns_at_once and is_server(step, facts) for step in steps)
        worked = any(works(step) for step in steps[:-1])
        if job.deployment is not None and (server or not trains or not worked):
            return  # GS811 has those that do nothing else; what a pod waits for is its orchestrator's affair
        if limit and (server or not worked):
            return
        if server and job.readiness:
            return  # a server that never came up ends the job
        yield self._report(facts, last, server=server, worked=worked)

    def _report(self, facts: Facts, last: Step, *, server: bool, worked: bool) -> Finding:
        hourly = facts.per_hour
        cost = f", {dollars(hourly * 24)} a day" if hourly else ""
        budget = facts.job.budget
        limited = budget is not None and budget.max_hours is not None
        if budget and budget.max_hours:
            cost = (
                f", until its limit of {budget.max_hours:g} h{f' at {dollars(hourly)}/h' if hourly else ''}"
            )
        minutes = keep_alive(facts.job, facts.workload)
        never = f"the {minutes:g} idle minutes never begin: the machine is paid for"
        if facts.job.deployment is not None:
            never = "the GPU stays taken"
        when, better = "whether it is used or not", _LIMIT
        if server:
            when, better = (
                "also once the server has died",
                "`wait -n` in its place ends the job with the server",
            )
        elif worked:
            when, better = "after the work as well", "leave it out: the job ends with its work"
        numbers = [("a day", f"24 h × {dollars(hourly)}/h = {dollars(hourly * 24)}")] if hourly else []
        return self.finding(
            last.pointer or facts.job.pointer("run"),
            f"`{_shown(last)}` {'waits on' if limited else 'never ends'}, and {never} {when}{cost}",
            severity="info" if server else None,
            suggestion=better,
            numbers=numbers,
        )


def _shown(step: Step) -> str:
    """The command, or the loop that it waits in."""
    return shortened(step.command.loops[0].text if step.command.loops else step.text, 60)
