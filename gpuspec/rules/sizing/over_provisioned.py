"""GS101 over-provisioned-gpu."""

from __future__ import annotations

from collections.abc import Iterator

from gpuspec.lint import Facts, Finding, Fix, Related, Rule, Saving
from gpuspec.planning.alternatives import Alternative
from gpuspec.planning.cost import exceeds
from gpuspec.rules.full_context import needs_a_length
from gpuspec.rules.numbers import as_sure, need_lines, price_lines
from gpuspec.rules.options import amount, min_saving, min_speed, share
from gpuspec.words import dollars, percent, span_of_gib


class OverProvisionedGpu(Rule):
    """A cheaper GPU would do the same work.

    ## What it does
    Compares every GPU in `gpu_types` with the cheapest one on the market that surely fits the job's memory and
    is of the same speed class. Where text is generated, speed is memory bandwidth, so the comparison is dollars
    per token; for training and images it is tensor TFLOPS, dollars per step. `interactive` jobs wait for people
    most of the time: there, dollars per hour decide.

    ## Why is this bad
    A bigger GPU than the model needs is paid for by the hour and answers hardly faster. An A100 80GB for SDXL
    costs $1.39 an hour where $0.25 do.

    ## Example
    ```jsonc
    {
      "name": "sdxl",
      "task": "batch",
      "model": { "id": "stabilityai/stable-diffusion-xl-base-1.0" },
      "gpu_types": ["A100 PCIe 80GB"],
      "keep_alive_minutes": 3,
      "run": "python generate.py"
    }
    ```

    ## Use instead
    ```jsonc
    {
      "name": "sdxl",
      "task": "batch",
      "model": { "id": "stabilityai/stable-diffusion-xl-base-1.0" },
      "gpu_types": ["RTX A4000", "RTX A4500"],
      "keep_alive_minutes": 3,
      "run": "python generate.py"
    }
    ```

    ## When to ignore
    When latency of a single request is worth the price, or when something beside the declared model lives on
    the same GPU (then say so with `min_vram`, which this rule respects).
    """

    code = "GS101"
    name = "over-provisioned-gpu"
    severity = "warning"
    fixable = "sometimes"
    options = (
        min_saving(0.2),
        min_speed(0.2),
        share("most_vram", 0.75, "Share of the memory that a smaller class of GPU has at most.", least=0.1),
        amount("dear_fallback", 2.0, "Times the price from which a fallback is reported.", least=1.0),
    )

    def check(self, facts: Facts) -> Iterator[Finding]:
        current = facts.baseline
        if current is None:
            return
        if better := self._better(facts, current):
            yield self._over(facts, current, better)
            return
        cap = facts.job.max_price
        least = current.per_hour * facts.options["dear_fallback"]
        priced = [each for each in facts.choices if each.price and each.per_hour >= least]
        within = [each for each in priced if not exceeds(each.per_hour, cap)]
        usable = [each for each in within if each.verdict not in (None, "does not fit")]
        expensive = [each for each in usable if self._better(facts, each)]
        if expensive:
            yield self._fallback(current, expensive)

    def _better(self, facts: Facts, machine: Alternative) -> Alternative | None:
        limits = {"min_saving": facts.options["min_saving"], "min_speed": facts.options["min_speed"]}
        more = {"per_work": facts.workload.task != "interactive", "most_vram": facts.options["most_vram"]}
        better = facts.market.better(machine, (machine.gpu_count,), **limits, **more)
        # Where fewer GPUs would do as well, GS103 says it.
        return None if better and facts.market.fewer(machine, **limits) else better

    def _over(self, facts: Facts, machine: Alternative, better: Alternative) -> Finding:
        assert machine.fit
        saving = Saving(machine.per_hour - better.per_hour)
        need, usable = machine.fit.need, machine.fit.usable
        name = facts.workload.model.id if facts.workload.model else "this job"
        shorter = needs_a_length(facts, better)
        return self.finding(
            machine.pointer,
            f"{machine.label} at {dollars(machine.per_hour)}/h is more than {name} needs: "
            f"{span_of_gib(need.low, need.high)} of its {usable:.1f} GiB ({percent(need.expected / usable)}). "
            f"{better.label} fits at {dollars(better.per_hour)}/h: {percent(saving.per_hour / machine.per_hour)} "
            f"of the bill is waste",
            confidence=as_sure("high", machine, better),
            saving=saving,
            suggestion=f'use "{better.label}"' + shorter,
            fix=None
            if shorter
            else Fix(f"use {better.gpu.name}", (facts.rename_gpu(machine, better.gpu.name),), safe=False),
            numbers=(*need_lines(machine), *price_lines(machine, better)),
        )

    def _fallback(self, current: Alternative, expensive: list[Alternative]) -> Finding:
        worst = max(expensive, key=lambda each: each.per_hour)
        others = [each for each in expensive if each is not worst]
        return self.finding(
            worst.pointer,
            f"when {current.label} ({dollars(current.per_hour)}/h) is sold out this job falls back to {worst.label} "
            f"at {dollars(worst.per_hour)}/h, {worst.per_hour / current.per_hour:.1f} times the price",
            severity="info",
            confidence="medium",
            related=[Related(each.pointer, f"{dollars(each.per_hour)}/h") for each in others],
            suggestion="set max_price, or name fallbacks of the same price",
        )
