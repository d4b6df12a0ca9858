"""GS401 keep-alive."""

from __future__ import annotations

import re
from collections.abc import Iterator

from gpuspec.lint import Edit, Facts, Finding, Fix, Rule
from gpuspec.planning.idle_minutes import LIMITS, TASK_UNKNOWN, IdleMinutes
from gpuspec.rules.options import amount
from gpuspec.words import dollars

WORK = {"train": "training", "any": "any work", "batch": "batch work", "interactive": "interactive work"}
WORK |= {"serve": "a server"}

WORTH = 1.0
"""$ of idle minutes too many, at the end of one run or of all in a month, that somebody would do something about."""
LONG_MINUTES = 60.0
"""Idle minutes that are a word worth whatever they cost."""


class KeepAlive(Rule):
    """The machine stays too long after the work, or goes too soon.

    ## What it does
    Looks at `keep_alive_minutes`, the idle minutes after which the machine goes away: batch and training should
    end within 5 minutes, interactive work within 15, a server within 60. Reports more than that where the minutes too
    many cost $1 a month of runs or more, or are an hour and more; other times too long are shown with `--pedantic`,
    and so is a job spec that says nothing (gpuspec takes 3, 10 or 30). Where nothing takes the machine down unasked
    (SkyPilot, dstack), that is a warning.

    The minutes count from the end of the job: a server in the foreground is a job that runs, asked or not, so that no
    number of them is too short for it. Of a server that its file starts by no command of its own, at least 15.

    ## Why is this bad
    Idle minutes are paid like busy ones, at the end of every run. Forgotten machines are the most common
    surprise on a GPU bill. A machine that goes too soon pays with a cold start for the next request.

    ## Example
    ```jsonc
    {
      "name": "nightly",
      "task": "batch",
      "gpu_types": ["RTX 4090"],
      "keep_alive_minutes": 60,
      "run": "python process_batch.py"
    }
    ```

    ## Use instead
    ```jsonc
    {
      "name": "nightly",
      "task": "batch",
      "gpu_types": ["RTX 4090"],
      "keep_alive_minutes": 3,
      "run": "python process_batch.py"
    }
    ```

    ## When to ignore
    When runs follow each other closely and a start costs more than the idle time.
    """

    code = "GS401"
    name = "keep-alive"
    severity = "warning"
    fixable = "sometimes"
    asks_for = ("keep_alive_minutes",)
    options = (
        amount("batch_max", LIMITS["batch"].most, "Most idle minutes of batch and training jobs."),
        amount("interactive_max", LIMITS["interactive"].most, "Most idle minutes of interactive work."),
        amount("serve_min", LIMITS["serve"].least, "Least idle minutes of a server."),
        amount("serve_max", LIMITS["serve"].most, "Most idle minutes of a server."),
    )

    def check(self, facts: Facts) -> Iterator[Finding]:
        job = facts.job
        task = facts.workload.task
        if not (job.gpu_types or job.gpu_count or job.min_vram or facts.workload.model_name):
            return  # nothing is rented, so nothing idles
        if job.deployment is not None and job.deployment.kind in ("function", "class"):
            return  # its containers come and go with the calls
        limits = self._limits(facts, task)
        minutes = job.keep_alive_minutes
        if minutes is None or minutes > limits.most:
            if _stays(facts) or (minutes is None and _is_managed(facts)):
                return
            if minutes is None:
                yield self._absent(facts, task, limits)
            else:
                yield self._too_long(facts, task or "any", limits, minutes)
        elif minutes < limits.least and not _runs(facts):
            yield self._off(
                facts,
                limits,
                f"{minutes:g} idle minutes are short for a server (at least {limits.least:g}): the next request "
                "waits for a machine, the download and the model load",
            )

    def _limits(self, facts: Facts, task: str | None) -> IdleMinutes:
        """What suits the task; where it is not known, what would be too long for any."""
        options, serve = facts.options, LIMITS["serve"]
        if task == "serve":
            return serve._replace(least=options["serve_min"], most=options["serve_max"])
        if task == "interactive":
            return LIMITS[task]._replace(most=options["interactive_max"])
        if task in LIMITS:
            return LIMITS[task]._replace(most=options["batch_max"])
        return serve._replace(least=0.0, most=options["serve_max"])

    def _absent(self, facts: Facts, task: str | None, limits: IdleMinutes) -> Finding:
        usual = limits.usual if task else TASK_UNKNOWN
        hourly = facts.per_hour
        cost = f", {dollars(hourly)} for each hour it idles" if hourly else ""
        suits = f" suits {WORK.get(task, task)}" if task else ""
        edit = Edit("set", "/keep_alive_minutes", usual)
        field = facts.format.spelled("keep_alive_minutes")
        then = "how long the machine idles after the work is left to the launcher"
        written = f'"keep_alive_minutes": {usual}{suits}; gpuspec takes that unasked'
        if task == "serve":
            then = "how long the machine idles once its server has ended is left to the launcher"
        if facts.job.deployment is not None:  # SkyPilot and dstack stop nothing by themselves
            then = "the machine stays up, at work or not, until somebody takes it down"
            example = facts.format.examples.get("keep_alive_minutes", field)
            written = f"{_in_minutes(example, usual)}: {usual} minutes{suits or ' will do'}"
        return self.finding(
            "",
            f"{field} is not set: {then}{cost}",
            confidence="low" if facts.format.goes_unasked else None,
            suggestion=written,
            fix=Fix(f"set {field} to {usual}", (edit,), safe=False),
        )

    def _too_long(self, facts: Facts, task: str, limits: IdleMinutes, minutes: float) -> Finding:
        what = f"{minutes:g} idle minutes are long for {WORK.get(task, task)} (at most {limits.most:g})"
        hourly = facts.per_hour
        if not hourly:
            return self._off(facts, limits, what, small=minutes < LONG_MINUTES)
        idle, wasted = minutes / 60 * hourly, (minutes - limits.usual) / 60 * hourly
        runs = (facts.job.schedule and facts.job.schedule.runs_per_month) or 1
        small = wasted * runs < WORTH and minutes < LONG_MINUTES
        cost = f": {dollars(idle)} idle at the end of each run, {dollars(wasted)} of it for nothing"
        how = ("idle cost of a run", f"{minutes:g} min ÷ 60 × {dollars(hourly)}/h")
        return self._off(facts, limits, what + cost, how, small=small)

    def _off(
        self, facts: Facts, limits: IdleMinutes, what: str, *numbers: tuple[str, str], small: bool = False
    ) -> Finding:
        pointer = facts.job.pointer("keep_alive_minutes")
        return self.finding(
            pointer,
            what,
            confidence="low" if small else None,
            suggestion=f"{limits.usual} minutes",
            fix=Fix(f"set to {limits.usual}", (Edit("set", pointer, limits.usual),), safe=False),
            numbers=numbers,
        )


def _in_minutes(example: str, minutes: float) -> str:
    """A format's example, with the minutes that are advised in the place of its own: 10, "5m", "2h", seconds."""
    if found := re.search(r"\d+(?=[mh]\b)", example):
        return f"{example[: found.start()]}{minutes:g}m{example[found.end() + 1 :]}"
    seconds = "=" in example
    return re.sub(r"\b\d+\b", f"{minutes * 60 if seconds else minutes:g}", example, count=1)


def _runs(facts: Facts) -> bool:
    """Whether its commands say what serves: while they run, the machine is not idle (SkyPilot's `wait_for: jobs`,
    with which gpuspec launches); once they are through, nobody waits for it."""
    return any(not step.setup for step in facts.commands)


def _is_managed(facts: Facts) -> bool:
    """Whether it is for `sky jobs launch`, which takes the machine down by itself: spot, with a bucket mounted to
    which the work is kept, to go on from there on the next machine."""
    job = facts.job
    if job.deployment is None or job.spot in (None, "never") or facts.workload.task == "serve":
        return False
    return any(mount.lasts for mount in job.deployment.mounts)


def _stays(facts: Facts) -> bool:
    """Whether the cheapest machine that fits is the author's own: nothing of it idles for money."""
    choice = facts.kept_plan.choice
    return choice is not None and choice.offer.owned
