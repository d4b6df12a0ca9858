"""GS504 no-price-cap."""

from __future__ import annotations

import math
from collections.abc import Iterator

from gpuspec.lint import Edit, Facts, Finding, Fix, Related, Rule
from gpuspec.planning.alternatives import Alternative
from gpuspec.rules.options import amount
from gpuspec.words import dollars

ROOM = 1.1
"""The suggested cap is a tenth above today's highest price, as the launcher's own limit where none is set."""


class NoPriceCap(Rule):
    """Several GPUs are acceptable, some of them far dearer, and any price for them.

    ## What it does
    Reports a list of fallbacks without `max_price` in which the dearest costs `dear_fallback` times what the cheapest
    does: an hour, and for the work, where the speed of both is known. Silent where a price is not known.

    ## Why is this bad
    When the cheap GPU is sold out, the job takes the next, wherever it is and whatever it costs there that day.

    ## Example
    ```jsonc
    {
      "name": "embed",
      "gpu_types": ["RTX 4090", "H100 SXM"],
      "keep_alive_minutes": 3,
      "run": "python embed.py"
    }
    ```

    ## Use instead
    ```jsonc
    {
      "name": "embed",
      "gpu_types": ["RTX 4090", "H100 SXM"],
      "max_price": 4.0,
      "keep_alive_minutes": 3,
      "run": "python embed.py"
    }
    ```

    ## When to ignore
    When the result matters more than any price.
    """

    code = "GS504"
    name = "no-price-cap"
    severity = "info"
    fixable = "sometimes"
    asks_for = ("max_price",)
    options = (
        amount(
            "dear_fallback", 2.0, "Times the cheapest price from which a fallback is reported.", least=1.0
        ),
    )

    def check(self, facts: Facts) -> Iterator[Finding]:
        job = facts.job
        if job.max_price is not None or len(job.gpu_types) < 2:
            return
        able = [one for one in facts.choices if one.price and facts.market.large_enough(one)]
        priced = sorted(able, key=lambda machine: machine.per_hour)
        if len(priced) < 2 or priced[0].per_hour <= 0:
            return
        least, most = priced[0], priced[-1]
        if self._times(facts, least, most) < facts.options["dear_fallback"]:
            return
        cap = math.ceil(most.per_hour * ROOM * 20) / 20
        yield self.finding(
            job.pointer("gpu_types"),
            f"when {least.label} ({dollars(least.per_hour)}/h) is sold out this job may fall back to {most.label} at "
            f"{dollars(most.per_hour)}/h or more, {most.per_hour / least.per_hour:.1f} times the price: max_price is "
            "not set",
            on="key",
            related=[Related(most.pointer, f"from {dollars(most.per_hour)}/h")],
            suggestion="set max_price ($/h for the whole machine) to what the work is worth to you",
            fix=Fix(f"set max_price to {cap:g}", (Edit("set", "/max_price", cap),), safe=False),
        )

    def _times(self, facts: Facts, least: Alternative, most: Alternative) -> float:
        """How many times what it costs on the cheapest the work costs on the dearest: by its unit where the speed of
        both is known, of what waits for nobody."""
        times = most.per_hour / least.per_hour
        if times < facts.options["dear_fallback"]:
            return times
        from gpuspec.planning.compare import compared

        found = compared(facts.market, least, facts.market, most)
        if found.now is None or found.unit is None or facts.workload.task == "interactive":
            return times
        return min(times, found.unit)
