"""GS409 never-scales-to-zero."""

# ruff: noqa: SIM905 (a line of words reads better than forty quoted ones)

from __future__ import annotations

import re
from collections.abc import Iterator

from gpuspec.lint import Edit, Facts, Finding, Fix, Rule, Saving
from gpuspec.rules.options import amount
from gpuspec.words import HOURS_PER_MONTH, dollars, percent

NOT_PRODUCTION = frozenset(
    "dev devel development test testing tests staging sandbox demo playground poc".split()
)
STAGES = NOT_PRODUCTION | {"qa", "stage", "preview"}
"""Where the environment itself is named; in a job's name "qa" answers questions and a "stage" is a step."""
PRODUCTION = frozenset({"prod", "production", "live"})
RENTS = frozenset({"service", "function", "class"})
"""Kinds of deployment that rent a machine for each replica and give it back: dstack's, SkyServe's, Modal's."""
GOES_TO_ZERO = RENTS | {"InferenceService", "LLMInferenceService", "Service"}
"""Kinds of deployment whose own field says that they may go to zero: no other part is needed."""
COSTS, MANY = 1.0, 4
"""$ an hour, and where no price is known GPUs, from which it is worth a word that a server never stops."""


class NeverScalesToZero(Rule):
    """A server for tests runs day and night.

    ## What it does
    Reports `scaling.min` above zero on a server whose name or labels say dev, test, staging, demo or the like.
    The saving assumes that somebody works in 40 of the 168 hours of a week.

    Of a model's server under an orchestrator (Kubernetes, dstack, SkyPilot, Modal) whose replicas never go to zero
    it says so as an info, and what that costs where prices are known. Only where somebody would act on it: it
    costs $1 an hour and more, or less where what serves it goes to zero by itself once it is told to (dstack,
    SkyPilot, Modal, KServe, Knative). Of unknown price in Kubernetes it holds four GPUs and more, or its least number
    is written.

    ## Why is this bad
    Nights and weekends are three quarters of the bill, and nobody asks the server anything.

    ## Example
    ```jsonc
    {
      "name": "chat-staging",
      "task": "serve",
      "gpu_types": ["RTX 4090"],
      "keep_alive_minutes": 30,
      "scaling": { "min": 1, "max": 3 },
      "run": "vllm serve Qwen/Qwen2.5-7B-Instruct --max-model-len 8192"
    }
    ```

    ## Use instead
    ```jsonc
    {
      "name": "chat-staging",
      "task": "serve",
      "gpu_types": ["RTX 4090"],
      "keep_alive_minutes": 30,
      "scaling": { "min": 0, "max": 3 },
      "run": "vllm serve Qwen/Qwen2.5-7B-Instruct --max-model-len 8192"
    }
    ```

    ## When to ignore
    When a load test or a demo needs it warm: for that day.
    """

    code = "GS409"
    name = "never-scales-to-zero"
    severity = "warning"
    confidence = "medium"
    fixable = "sometimes"
    asks_for = ("scaling.min",)
    options = (amount("hours", 40.0, "Hours of a week in which somebody uses a test server.", most=168.0),)

    def check(self, facts: Facts) -> Iterator[Finding]:
        job = facts.job
        least = job.scaling.min if job.scaling else None
        reason = _not_production(facts)
        if job.deployment is not None and not (reason and least):
            yield from self._fixed(facts)
            return
        if not least or reason is None:
            return
        at = job.pointer("scaling.min")
        hourly, month = facts.per_hour, (job.schedule and job.schedule.hours_per_month) or HOURS_PER_MONTH
        idle = 1 - facts.options["hours"] / 168 * HOURS_PER_MONTH / month
        if idle <= 0:
            return  # it is up no longer than somebody works, and somebody says so
        cost, saving, numbers = "", None, []
        if hourly:
            saving = Saving(least * hourly * idle, kind="hours", share=idle)
            always = least * hourly * month
            cost = (
                f": {dollars(least * hourly)}/h, {dollars(always)} a month; somebody works in "
                f"{facts.options['hours']:g} of the 168 hours of a week, so {percent(idle)} of it is for nothing"
            )
            paid = f"{least} × {dollars(hourly)}/h × {percent(idle)} = {dollars(saving.per_hour)}/h"
            numbers = [("idle", paid)]
        yield self.finding(
            at,
            f"{reason}, and {least} replica{'s' * (least > 1)} never stop{'s' * (least == 1)}{cost}",
            saving=saving,
            suggestion="0: the first request after a pause waits for a start",
            fix=Fix("scale to zero", (Edit("set", at, 0),), safe=False),
            numbers=numbers,
        )

    def _fixed(self, facts: Facts) -> Iterator[Finding]:
        """A service of an orchestrator whose replicas stay whatever the load is."""
        job, said = facts.job, facts.job.deployment
        assert said is not None
        pool = said.kind == "pool"
        function = said.kind in ("function", "class")
        if said.suspended or not (pool or function or facts.workload.task == "serve"):
            return
        least = job.scaling.min if job.scaling else 0 if function else 1
        if not least:
            return
        hourly = facts.per_hour and facts.per_hour * (facts.workload.nodes or 1)
        if not (pool or _acted_on(facts, least, hourly)):
            return
        cost = (
            f": {dollars(least * hourly)}/h, {dollars(least * hourly * HOURS_PER_MONTH)} a month"
            if hourly
            else ""
        )
        what = "worker" if pool else "replica"
        some = f"{least} {what}{'s' * (least > 1)}"
        yield self.finding(
            job.pointer("scaling.min") or job.pointer("scaling"),
            f"{some} stay{'s' * (least == 1)} up whether anybody asks or not" + cost,
            severity="info",
            suggestion=facts.format.examples.get(
                "scaling.min", "let it scale to zero where nights are quiet"
            ),
        )


def _acted_on(facts: Facts, least: int, hourly: float | None) -> bool:
    """Whether somebody would do something about it: it goes to zero without more parts, or holds much."""
    said = facts.job.deployment
    priced = hourly is not None or facts.job.pointer("scaling.min")
    if said is not None and (said.kind in RENTS or (priced and said.kind in GOES_TO_ZERO)):
        return True
    if facts.workload.model_name is None and (facts.workload.engine is None or not hourly):
        return False  # a program that nobody knows, a store of models: whether it may pause is its author's affair
    if hourly is not None:
        return least * hourly >= COSTS
    from gpuspec.planning.limits import gpus_of_job

    gpus = gpus_of_job(facts.job, facts.workload, facts.catalog) or 1
    by_hand = bool(said and said.scaled_by)  # its author chose how few there are
    return not by_hand and least * gpus * (facts.workload.nodes or 1) >= MANY


def _not_production(facts: Facts) -> str | None:
    """What says that this server is for tests, in words."""
    job = facts.job
    names = [("the name", job.name or "")]
    names += [(f"the label {key}", value) for key, value in sorted(job.labels.items())]
    stated = ("ENV", "ENVIRONMENT", "APP_ENV", "STAGE")
    names += [(f"{key} in env", job.env[key]) for key in stated if key in job.env]
    words = [(what, value, set(re.split(r"[^a-z]+", value.lower()))) for what, value in names]
    if any(parts & PRODUCTION for _, _, parts in words):
        return None
    for what, value, parts in words:
        if parts & (NOT_PRODUCTION if what == "the name" else STAGES):
            return f"{what} says {value!r}"
    return None
