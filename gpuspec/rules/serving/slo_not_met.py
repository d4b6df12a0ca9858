"""GS608 slo-not-met."""

from __future__ import annotations

from collections.abc import Iterator

from gpuspec.lint import Facts, Finding, Rule
from gpuspec.planning.alternatives import COUNTS, Alternative
from gpuspec.words import HOURS_PER_MONTH, dollars


class SloNotMet(Rule):
    """The selected GPU is too slow for what the service promises.

    ## What it does
    Reports an `slo` that the machine cannot keep even with a single request at a time, at the highest speed that its
    memory bandwidth and arithmetic allow: milliseconds for each token (`tpot_ms`) or tokens a second, and, where
    `traffic` says how long prompts are, milliseconds to the first token (`ttft_ms`). Says what would keep it.

    ## Why is this bad
    No setting makes up for it: each token of an answer reads all the weights once. More machines serve more users,
    and none of them faster.

    ## Example
    ```jsonc
    {
      "name": "chat",
      "model": "meta-llama/Llama-3.1-8B-Instruct",
      "gpu_types": ["L4"],
      "slo": { "tokens_per_second": 40 },
      "keep_alive_minutes": 30,
      "run": "vllm serve meta-llama/Llama-3.1-8B-Instruct --max-model-len 4096"
    }
    ```

    ## Use instead
    ```jsonc
    {
      "name": "chat",
      "model": "meta-llama/Llama-3.1-8B-Instruct",
      "gpu_types": ["H100 SXM"],
      "slo": { "tokens_per_second": 40 },
      "keep_alive_minutes": 30,
      "run": "vllm serve meta-llama/Llama-3.1-8B-Instruct --max-model-len 4096"
    }
    ```

    ## When to ignore
    When a cache answers most prompts before they are read, and only the first token is said to be late.
    """

    code = "GS608"
    name = "slo-not-met"
    severity = "error"

    def check(self, facts: Facts) -> Iterator[Finding]:
        work, current = facts.workload, facts.selected
        if current is None or facts.job.slo is None or work.modality not in (None, "text"):
            return
        from gpuspec.planning.traffic import too_slow_alone

        gpus = facts.market.used_of(current.gpu_count)
        why = too_slow_alone(facts.job, work, current.gpu, gpus)
        if not why:
            return
        late = facts.job._replace(slo=facts.job.slo._replace(ttft_ms=None))
        sure = bool(too_slow_alone(late, work, current.gpu, gpus))
        yield self.finding(
            facts.job.pointer("slo"),
            f"{current.label} cannot keep the slo: even at its highest speed, with one request at a time, {why}",
            confidence="high" if sure else "medium",
            suggestion=self._instead(facts, current),
        )

    def _instead(self, facts: Facts, current: Alternative) -> str:
        """More of the same GPU, and the cheapest machine of any, that are expected to keep it."""
        more = (facts.market.alternative(current.gpu, n) for n in COUNTS if n > current.gpu_count)
        same = next((one for one in more if one.price and _keeps(facts, one)), None)
        least = next((one for one in facts.market.fitting(COUNTS) if _keeps(facts, one)), None)
        found = [one for one in (same, least) if one is not None]
        if same and least and same.per_hour <= least.per_hour:
            found = [same]
        said = " or ".join(dict.fromkeys(_priced(one, current) for one in found))
        return (
            f"expected to keep it: {said}" if said else "no machine in the price lists is expected to keep it"
        )


def _keeps(facts: Facts, one: Alternative) -> bool:
    """Whether a machine is expected to keep the slo, with one request at a time."""
    from gpuspec.planning.answering import answering, too_slow
    from gpuspec.workload.even_split import not_shared

    split = facts.workload._replace(tensor_parallel=None)
    if not_shared(split, one.gpu_count) or facts.market.stands_for_others(one.gpu, COUNTS):
        return False
    alone = answering(split, one.gpu, one.gpu_count, many=1, traffic=facts.job.traffic)
    return alone is not None and not too_slow(alone, facts.job.slo)


def _priced(one: Alternative, current: Alternative) -> str:
    """`4 × L4 at $2.84/h (+$1,555 a month)`."""
    more = (one.per_hour - current.per_hour) * HOURS_PER_MONTH
    sign = "+" if more >= 0 else "−"
    split = ", tensor parallel" if one.gpu_count > current.gpu_count else ""
    return f"{one.label}{split} at {dollars(one.per_hour)}/h ({sign}{dollars(abs(more))} a month)"
