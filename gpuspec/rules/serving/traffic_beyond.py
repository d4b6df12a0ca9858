"""GS607 traffic-beyond-capacity."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from gpuspec.lint import Facts, Finding, Rule
from gpuspec.planning.alternatives import Alternative
from gpuspec.words import HOURS_PER_MONTH, dollars

if TYPE_CHECKING:
    from gpuspec.sizing.speed.serving import RequestTokens


class TrafficBeyondCapacity(Rule):
    """The declared load is more than the declared machines can answer.

    ## What it does
    For a server with declared `traffic` or `users`, works out what the machines that `scaling` allows at most can
    answer, and reports it where that is less. It is counted in their favour: the highest speed, requests that come
    evenly, as many at once as the server lets in and as have room; the busiest hour counts only where
    `traffic.peak_factor` says how busy it is. Users count where the `slo` says how quick the answers must be. Without
    `scaling` a launch starts one machine, and the finding is a warning.

    ## Why is this bad
    Requests that come faster than they are answered wait in a queue that grows all day, until clients give up and ask
    again.

    ## Example
    ```jsonc
    {
      "name": "chat",
      "model": "meta-llama/Llama-3.1-8B-Instruct",
      "gpu_types": ["L40S"],
      "scaling": { "min": 1, "max": 2 },
      "traffic": { "requests_per_day": 5000000, "input_tokens": 800, "output_tokens": 300 },
      "keep_alive_minutes": 30,
      "run": "vllm serve meta-llama/Llama-3.1-8B-Instruct --max-model-len 4096"
    }
    ```

    ## Use instead
    ```jsonc
    {
      "name": "chat",
      "model": "meta-llama/Llama-3.1-8B-Instruct",
      "gpu_types": ["L40S"],
      "scaling": { "min": 8, "max": 16 },
      "traffic": { "requests_per_day": 5000000, "input_tokens": 800, "output_tokens": 300 },
      "keep_alive_minutes": 30,
      "run": "vllm serve meta-llama/Llama-3.1-8B-Instruct --max-model-len 4096"
    }
    ```

    ## When to ignore
    When something else answers the rest: an API, a cache of answers, or servers that this file does not start.
    """

    code = "GS607"
    name = "traffic-beyond-capacity"
    severity = "error"

    def check(self, facts: Facts) -> Iterator[Finding]:
        job, work, current = facts.job, facts.workload, facts.selected
        if current is None or work.task != "serve" or work.modality not in (None, "text"):
            return
        from gpuspec.planning.replicas import demand_of

        demand = demand_of(job)
        if demand is None:
            return
        if demand.mean:
            yield from self._traffic(facts, current)
        if demand.users and job.slo:
            yield from self._users(facts, current, demand.users)

    def _traffic(self, facts: Facts, current: Alternative) -> Iterator[Finding]:
        from gpuspec.planning.answering import most_within, rate
        from gpuspec.planning.replicas import demand_of, machines_for
        from gpuspec.planning.traffic import answers_of
        from gpuspec.sizing.speed.serving import RequestTokens

        traffic, replicas = facts.job.traffic, _replicas(facts)
        demand = demand_of(facts.job._replace(schedule=None))
        assert traffic
        assert demand
        gpus = facts.market.used_of(current.gpu_count)
        answers = answers_of(facts.workload, current.gpu, gpus, traffic, "high")
        request = RequestTokens(traffic.input_tokens or 0.0, traffic.output_tokens or 0.0)
        most = _most(facts, current, request)
        best = most_within(answers, most, facts.job.slo) or answers(most)
        if best is None or not best.per_second or demand.busiest <= replicas * best.per_second:
            return
        needed = machines_for(demand.busiest, 0, best)
        hour = "" if demand.peak is None else f" in the busiest hour (× {traffic.peak_factor:g})"
        yield self._report(
            facts,
            current,
            needed,
            pointer=facts.job.pointer("traffic"),
            message=(
                f"{traffic.requests_per_day:,.0f} requests a day are {rate(demand.busiest)}/s{hour}, and "
                f"{_machines(replicas, current)} at most {rate(replicas * best.per_second)}/s"
            ),
            why=f"{best.why}: {best.per_second:.3g} a second",
            sure=_even_without_prompts(facts, current, demand.busiest / replicas),
        )

    def _users(self, facts: Facts, current: Alternative, users: int) -> Iterator[Finding]:
        from gpuspec.planning.answering import most_within, token_seconds
        from gpuspec.planning.traffic import answers_of

        slo, replicas = facts.job.slo, _replicas(facts)
        limit = slo and token_seconds(slo)
        if slo is None or not limit:
            return
        gpus = facts.market.used_of(current.gpu_count)
        answers = answers_of(facts.workload, current.gpu, gpus, facts.job.traffic, "high")
        best = most_within(answers, users, slo._replace(ttft_ms=None))
        if best is None or best.sequences * replicas >= users:
            return
        yield self._report(
            facts,
            current,
            -(-users // best.sequences),
            pointer=facts.job.pointer("users"),
            message=(
                f"{users:,} users at once with {1 / limit:.3g} tokens/s each, and {_machines(replicas, current)} at "
                f"most {best.sequences * replicas:,} of them so quickly"
            ),
            why=f"{best.sequences:,} at once: {best.token * 1000:.1f} ms a token",
            sure=False,  # how full their caches are is not known
        )

    def _report(
        self,
        facts: Facts,
        current: Alternative,
        needed: int,
        *,
        pointer: str,
        message: str,
        why: str,
        sure: bool,
    ) -> Finding:
        declared = facts.job.scaling is not None
        month = dollars(needed * current.per_hour * HOURS_PER_MONTH)
        setting = f'"max": {needed}' if declared else f'"scaling": {{"min": {needed}, "max": {needed}}}'
        return self.finding(
            pointer,
            f"{message}: it takes at least {needed:,} of them, {month} a month",
            severity="error" if declared else "warning",
            confidence="high" if sure else "medium",
            suggestion=f"{setting} at the least (`gpuspec plan` says how many to expect), or a faster machine",
            numbers=[("one machine, at best", why)],
        )


def _replicas(facts: Facts) -> int:
    """The most machines that run at a time."""
    return facts.job.scaling.replicas[1] if facts.job.scaling else 1


def _machines(replicas: int, current: Alternative) -> str:
    """`one L40S answers`, `2 machines of 4 × H100 SXM answer`."""
    if replicas == 1:
        return f"one {current.label} answers" if current.gpu_count == 1 else f"{current.label} answer"
    return f"{replicas:,} machines of {current.label} answer"


def _most(facts: Facts, current: Alternative, request: RequestTokens) -> int:
    from gpuspec.planning.traffic import most_kindly

    return most_kindly(facts.workload, current.gpu, current.fit.need if current.fit else None, request)


def _even_without_prompts(facts: Facts, current: Alternative, per_second: float) -> bool:
    """Whether one machine could not answer so many a second if every prompt came from the cache."""
    from gpuspec.planning.traffic import answers_of
    from gpuspec.sizing.speed.serving import RequestTokens

    traffic = facts.job.traffic
    assert traffic
    cached = traffic._replace(input_tokens=0.0)
    gpus = facts.market.used_of(current.gpu_count)
    found = answers_of(facts.workload, current.gpu, gpus, cached, "high")(
        _most(facts, current, RequestTokens(0.0, traffic.output_tokens or 0.0))
    )
    return found is not None and found.per_second < per_second
