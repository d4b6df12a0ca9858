"""GS504 no-price-cap."""

from __future__ import annotations

import math
from collections.abc import Iterator

from gpuspec.lint import Edit, Facts, Finding, Fix, Related, Rule
from gpuspec.words import dollars

ROOM = 1.1
"""The suggested cap is a tenth above today's highest price, as the launcher's own limit where none is set."""


class NoPriceCap(Rule):
    """Several GPUs are acceptable, and any price for them.

    ## What it does
    Reports a list of fallbacks without `max_price`. Says what the cheapest and the most expensive of them cost.

    ## Why is this bad
    When the cheap GPU is sold out, the job takes the next, wherever it is and whatever it costs there that day.

    ## Example
    ```jsonc
    {
      "name": "embed",
      "gpu_types": ["RTX 4090", "L40S"],
      "keep_alive_minutes": 3,
      "run": "python embed.py"
    }
    ```

    ## Use instead
    ```jsonc
    {
      "name": "embed",
      "gpu_types": ["RTX 4090", "L40S"],
      "max_price": 2.0,
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

    def check(self, facts: Facts) -> Iterator[Finding]:
        job = facts.job
        if job.max_price is not None or len(job.gpu_types) < 2:
            return
        priced = sorted(
            (machine for machine in facts.choices if machine.price), key=lambda machine: machine.per_hour
        )
        message = "several GPUs are acceptable, at any price: max_price is not set"
        fix, related = None, []
        if len(priced) > 1:
            least, most = priced[0], priced[-1]
            cap = math.ceil(most.per_hour * ROOM * 20) / 20
            message = (
                f"several GPUs are acceptable, at any price: {least.label} costs {dollars(least.per_hour)}/h, "
                f"{most.label} {dollars(most.per_hour)}/h or more, and max_price is not set"
            )
            related = [Related(most.pointer, f"from {dollars(most.per_hour)}/h")]
            fix = Fix(f"set max_price to {cap:g}", (Edit("set", "/max_price", cap),), safe=False)
        yield self.finding(
            job.pointer("gpu_types"),
            message,
            on="key",
            related=related,
            suggestion="set max_price ($/h for the whole machine) to what the work is worth to you",
            fix=fix,
        )
