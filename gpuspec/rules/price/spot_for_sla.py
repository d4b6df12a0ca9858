"""GS503 spot-for-sla."""

from __future__ import annotations

from collections.abc import Iterator

from gpuspec.lint import Edit, Facts, Finding, Fix, Rule
from gpuspec.words import dollars


class SpotForSla(Rule):
    """A server with one replica, on a machine that can be taken away.

    ## What it does
    Reports a server with `"spot": "only"` that has exactly one replica: `scaling` says one, or says nothing. A server
    that scales to zero is not meant to be always there, and one with more replicas loses only a part; both are fine.

    ## Why is this bad
    When the machine is taken back, with as little as 30 seconds notice, nobody answers until another one is found,
    the model downloaded and loaded. Spot is for what can wait, or for the burst above a base that stays.

    ## Example
    ```jsonc
    {
      "name": "chat",
      "task": "serve",
      "gpu_types": ["RTX 4090"],
      "spot": "only",
      "scaling": { "min": 1, "max": 1 },
      "keep_alive_minutes": 30,
      "ports": [8000],
      "run": "vllm serve Qwen/Qwen2.5-7B-Instruct --max-model-len 8192"
    }
    ```

    ## Use instead
    ```jsonc
    {
      "name": "chat",
      "task": "serve",
      "gpu_types": ["RTX 4090"],
      "spot": "never",
      "scaling": { "min": 1, "max": 1 },
      "keep_alive_minutes": 30,
      "ports": [8000],
      "run": "vllm serve Qwen/Qwen2.5-7B-Instruct --max-model-len 8192"
    }
    ```

    ## When to ignore
    For a server of your own, of which nobody expects an answer at any hour.
    """

    code = "GS503"
    name = "spot-for-sla"
    severity = "warning"
    fixable = "sometimes"

    def check(self, facts: Facts) -> Iterator[Finding]:
        job = facts.job
        if facts.workload.task != "serve" or job.spot != "only":
            return
        scaling = job.scaling
        least = scaling.min if scaling and scaling.min is not None else 1
        most = scaling.max if scaling else 1
        if (least, most) != (1, 1):
            return
        yield self.finding(
            job.pointer("spot"),
            "a server with one replica, on spot machines only: when the machine is taken back nobody answers until "
            f"another one has downloaded and loaded the model{self._price(facts)}",
            confidence="high" if scaling else "medium",
            suggestion='"spot": "never", or a second replica',
            fix=Fix("rent on demand", (Edit("set", job.pointer("spot"), "never"),), safe=False),
        )

    def _price(self, facts: Facts) -> str:
        """What renting on demand costs instead."""
        current = facts.selected
        if current is None:
            return ""
        there = facts.market.cheapest(current.gpu.name, current.gpu_count, spot="never")
        if there is None:
            return ""
        return f" ({current.label}: {dollars(current.per_hour)}/h as spot, {dollars(there.per_hour)}/h on demand)"
