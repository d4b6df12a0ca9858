"""GS509 smaller-model-or-cascade."""

from __future__ import annotations

from collections.abc import Iterator

from gpuspec.lint import Facts, Finding, Rule, Saving
from gpuspec.named_tuple import NamedTuple
from gpuspec.planning.alternatives import Alternative
from gpuspec.planning.traffic import Load, load
from gpuspec.rules.options import min_saving
from gpuspec.words import dollars, percent

TIERS = (("Qwen/Qwen2.5-7B-Instruct", 0.6), ("Qwen/Qwen2.5-14B-Instruct", 0.3))
"""Models that stand for the small and the middle tier, and the share of requests they answer: simple, medium and
complex requests at 60, 30 and 10 % (docs/seed-coverage.md)."""

LARGE = 30.0
"""Billions of parameters from which a model is the large tier."""


class Tier(NamedTuple):
    """One tier: how many machines of a kind."""

    machine: Alternative
    load: Load

    @property
    def per_hour(self) -> float:
        """Dollars per hour of all its machines."""
        return self.machine.per_hour * self.load.machines


class SmallerModelOrCascade(Rule):
    """One large model answers all requests, simple ones too.

    ## What it does
    For a server of a large model with declared `traffic`, works out the machines for all of it, and those of a
    cascade that sends 60 % of the requests to a 7B model, 30 % to a 14B one and 10 % to the large one, each on the
    cheapest machines that fit. Reports it where the cascade costs less. Shown with `--pedantic` only: how many
    requests are simple is your knowledge, not gpuspec's.

    ## Why is this bad
    A small model answers a simple question for a tenth of the price. With too little traffic to fill the machines it
    does not pay: then nothing is reported.

    ## Example
    ```jsonc
    // prices: seed-2025
    {
      "name": "assistant",
      "model": "meta-llama/Llama-3.1-70B-Instruct",
      "gpu_types": [{ "type": "H100 SXM", "count": 4 }],
      "traffic": { "requests_per_day": 2000000, "input_tokens": 800, "output_tokens": 300 },
      "keep_alive_minutes": 30,
      "run": "vllm serve meta-llama/Llama-3.1-70B-Instruct --tensor-parallel-size 4 --max-model-len 4096"
    }
    ```

    ## Use instead
    ```jsonc
    // prices: seed-2025
    {
      "name": "assistant-complex",
      "model": "meta-llama/Llama-3.1-70B-Instruct",
      "gpu_types": [{ "type": "H100 SXM", "count": 4 }],
      "traffic": { "requests_per_day": 50000, "input_tokens": 800, "output_tokens": 300 },
      "keep_alive_minutes": 30,
      "run": "vllm serve meta-llama/Llama-3.1-70B-Instruct --tensor-parallel-size 4 --max-model-len 4096"
    }
    ```

    ## When to ignore
    When requests are all hard, or an evaluation shows that the small model's answers will not do.
    """

    code = "GS509"
    name = "smaller-model-or-cascade"
    severity = "info"
    confidence = "low"
    preview = True
    options = (min_saving(0.2, of="cost"),)

    def check(self, facts: Facts) -> Iterator[Finding]:
        work, traffic, current = facts.workload, facts.job.traffic, facts.selected
        if traffic is None or current is None or work.task != "serve" or (work.params_b or 0) < LARGE:
            return
        if work.modality not in (None, "text"):
            return
        hours = facts.job.schedule
        whole = load(work, current.gpu, current.gpu_count, traffic, schedule=hours)
        left = 1 - sum(share for _, share in TIERS)
        rest = load(work, current.gpu, current.gpu_count, traffic, left, hours)
        tiers = [self._tier(facts, name, share) for name, share in TIERS]
        small = [tier for tier in tiers if tier]
        if whole is None or rest is None or len(small) != len(TIERS):
            return
        before = Tier(current, whole)
        after = [*small, Tier(current, rest)]
        cost = sum(tier.per_hour for tier in after)
        if cost > before.per_hour * (1 - facts.options["min_saving"]):
            return
        yield self.finding(
            facts.job.pointer("traffic"),
            f"all requests go to one large model: {whole.machines} × {current.label}, {dollars(before.per_hour)}/h. "
            f"If 60 % are simple and 30 % medium, a cascade of 7B, 14B and this model takes {dollars(cost)}/h, "
            f"{percent(1 - cost / before.per_hour)} less",
            saving=Saving(before.per_hour - cost, share=1 - cost / before.per_hour),
            suggestion="route by difficulty, or evaluate a smaller model for everything",
            numbers=[
                *(
                    (f"{share:.0%} of requests", _line(tier))
                    for tier, share in zip(after, (0.6, 0.3, 0.1), strict=True)
                ),
                ("cascade", dollars(cost) + "/h"),
                ("one model", _line(before)),
            ],
        )

    def _tier(self, facts: Facts, name: str, share: float) -> Tier | None:
        """The machines for a share of the requests on a smaller model: what costs least in all."""
        traffic = facts.job.traffic
        assert traffic
        model = facts.catalog.resolve_model(name).model
        if model is None:
            return None
        work = facts.workload._replace(
            model=model, model_name=name, params_b=model.params_b, quantization=None, dtype=None,
            tensor_parallel=None, pipeline_parallel=None,
        )  # fmt: skip
        job = facts.job._replace(min_vram=None, max_price=None)
        market = facts.case.instead(job=job, workload=work).market
        tiers = (
            Tier(machine, found)
            for machine in market.fitting((1,))
            if (found := load(work, machine.gpu, machine.gpu_count, traffic, share, facts.job.schedule))
        )
        return min(tiers, key=lambda tier: tier.per_hour, default=None)


def _line(tier: Tier) -> str:
    return (
        f"{tier.load.machines} × {tier.machine.label} at {dollars(tier.machine.per_hour)}/h = "
        f"{dollars(tier.per_hour)}/h ({tier.load.per_hour:,.0f} requests an hour each: {tier.load.why})"
    )
