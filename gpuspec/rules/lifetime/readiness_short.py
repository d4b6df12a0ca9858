"""GS413 readiness-too-short."""

from __future__ import annotations

import math
from collections.abc import Iterator

from gpuspec.engines import engine_of
from gpuspec.lint import Edit, Facts, Finding, Fix, Rule
from gpuspec.lint.finding import Severity
from gpuspec.rules.lifetime.starting import DEFAULT_TIMEOUT, start_of
from gpuspec.words import dollars

MARGIN = 1.25
"""How far below the usual time a limit may be: that is known no better."""


class ReadinessTooShort(Rule):
    """Readiness gives up before the server can be up.

    ## What it does
    Adds up what a server takes until it answers, as `gpuspec size` says it: its weights fetched at 10 Gbit/s at the
    best and at 3 as a rule, where neither `downloads` nor `setup` nor a kept cache has them, read at 5 or 1.5 GB/s,
    and 5 or 10 s for the program. Reports a `timeout` of readiness (900 s where none is said) below the best, and as
    a warning one that is a fifth and more below the usual. Of compose, a `healthcheck` whose `start_period` and
    retries are over before that; as an info where no other service waits for this one. Kubernetes' probes are for
    `killed-while-loading` (GS803).

    ## Why is this bad
    A job that is not ready in time is ended. The machine was paid for while it fetched and loaded, and the next try
    fetches and loads again.

    ## Example
    ```jsonc
    {
      "task": "serve",
      "gpu_types": ["H100 SXM"],
      "gpu_count": 4,
      "keep_alive_minutes": 30,
      "ports": [8000],
      "readiness": { "http": "http://localhost:8000/health", "timeout": 60 },
      "run": "vllm serve Qwen/Qwen2.5-72B-Instruct --tensor-parallel-size 4 --max-model-len 16384"
    }
    ```

    ## Use instead
    ```jsonc
    {
      "task": "serve",
      "gpu_types": ["H100 SXM"],
      "gpu_count": 4,
      "keep_alive_minutes": 30,
      "ports": [8000],
      "readiness": { "http": "http://localhost:8000/health", "timeout": 1800 },
      "run": "vllm serve Qwen/Qwen2.5-72B-Instruct --tensor-parallel-size 4 --max-model-len 16384"
    }
    ```

    ## When to ignore
    When the weights lie on the machine before the job begins, and nothing in the file says so.
    """

    code = "GS413"
    name = "readiness-too-short"
    severity = "error"
    confidence = "medium"
    fixable = "sometimes"
    asks_for = ("readiness",)

    def check(self, facts: Facts) -> Iterator[Finding]:
        job, ready = facts.job, facts.job.readiness
        server = engine_of(facts.workload.engine).server
        if ready is None or server is None or server.loads_later or facts.workload.task != "serve":
            return
        limit = _limit(facts)
        start = start_of(facts)
        if limit is None or start is None or limit * MARGIN >= start.usual:
            return
        never = start.least > limit
        enough = int(math.ceil(start.most / 300) * 300)
        yield self.finding(
            job.pointer("readiness.timeout") or job.pointer("readiness"),
            f"{_said(facts, limit)}, and this server is "
            + (
                f"up after {_long(start.least)} at the best"
                if never
                else f"usually up after {_long(start.usual)}"
            )
            + f": {start.fastest if never else start.usually}{_wasted(facts, limit)}",
            severity=_severity(facts, never=never),
            suggestion=_written(facts, enough),
            fix=Fix(f"allow {enough} s", (Edit("set", _place(facts), enough),), safe=False)
            if facts.format.in_spec_fields
            else None,
            numbers=start.numbers,
        )


def _severity(facts: Facts, *, never: bool) -> Severity:
    """Who is unhealthy for a while and waited for by nobody is well again later."""
    said = facts.job.deployment
    if said is not None and said.awaited != "healthy":
        return "info"
    return "error" if never else "warning"


def _limit(facts: Facts) -> float | None:
    """Seconds until readiness gives up, where that ends the job; None where it ends nothing, or GS803 has it."""
    said, ready = facts.job.deployment, facts.job.readiness
    assert ready is not None
    if not (ready.http or any("http" in word or "curl" in word for word in ready.command)):
        return None  # what a command of its own asks is not known
    if said is None:
        return DEFAULT_TIMEOUT if ready.timeout is None else ready.timeout
    if said.startup_seconds is not None or said.liveness_seconds is not None or facts.format.replaces_unready:
        return None
    return ready.timeout


def _said(facts: Facts, limit: float) -> str:
    said = facts.job.deployment
    if said is not None:
        then = ", so that what waits for it never starts" if said.awaited == "healthy" else ""
        return f"the container counts as unhealthy after {limit:g} s{then}"
    usual = "" if facts.job.readiness and facts.job.readiness.timeout is not None else " (none is said)"
    return f"readiness gives up after {limit:g} s{usual} and ends the job"


def _wasted(facts: Facts, limit: float) -> str:
    hourly = facts.per_hour and facts.per_hour * (facts.workload.nodes or 1)
    if not hourly or facts.job.deployment is not None:
        return ""
    return f"; each try that ends so costs {dollars(hourly * limit / 3600)}"


def _written(facts: Facts, enough: int) -> str:
    if facts.job.deployment is not None:
        return f"start_period: {enough // 60}m"
    return f'"timeout": {enough}: what a slow network and disk take'


def _place(facts: Facts) -> str:
    return facts.job.pointer("readiness.timeout") or f"{facts.job.pointer('readiness')}/timeout"


def _long(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 120 else f"{seconds / 60:.1f} min"
