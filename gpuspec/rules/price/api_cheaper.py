"""GS508 api-cheaper."""

from __future__ import annotations

from collections.abc import Iterator

from gpuspec.catalog.api_prices import ApiPrice, opposite
from gpuspec.lint import Facts, Finding, Rule, Saving
from gpuspec.planning.traffic import Load, hours_per_month, load
from gpuspec.rules.options import min_saving
from gpuspec.words import HOURS_PER_MONTH, dollars, percent

HOURS_PER_DAY = 24


class ApiCheaper(Rule):
    """The declared traffic would cost less through an API.

    ## What it does
    For a server with declared `traffic`, adds up a day's tokens at the price of who hosts the same model cheapest,
    else of an API model that people weigh against open models of this size (`gpuspec prices apis`), and compares
    it with a day of the machines that the traffic takes. `gpuspec breakeven` says from how many requests on the
    machines would cost less. Capacity is
    counted in the machine's favour: full batches, even traffic, the high end of its speed. A server that scales
    to zero is charged for its busy hours only; one that ends after `budget.max_hours` for those.

    ## Why is this bad
    A machine costs the same whether it answers or waits. At a few thousand requests a day most of its hours are
    waiting, and an API charges for none of them.

    ## Example
    ```jsonc
    {
      "name": "chat",
      "model": "Qwen/Qwen2.5-14B-Instruct",
      "gpu_types": ["L40S"],
      "scaling": { "min": 1, "max": 1 },
      "traffic": { "requests_per_day": 5000, "input_tokens": 800, "output_tokens": 300 },
      "keep_alive_minutes": 30,
      "run": "vllm serve Qwen/Qwen2.5-14B-Instruct --max-model-len 4096"
    }
    ```

    ## Use instead
    ```jsonc
    {
      "name": "chat",
      "model": "Qwen/Qwen2.5-14B-Instruct",
      "gpu_types": ["L40S"],
      "scaling": { "min": 1, "max": 1 },
      "traffic": { "requests_per_day": 500000, "input_tokens": 800, "output_tokens": 300 },
      "keep_alive_minutes": 30,
      "run": "vllm serve Qwen/Qwen2.5-14B-Instruct --max-model-len 4096"
    }
    ```

    ## When to ignore
    When data must not leave, when the model is your own, or when the API's answers are not good enough.
    """

    code = "GS508"
    name = "api-cheaper"
    severity = "info"
    confidence = "medium"
    preview = True
    options = (min_saving(0.2, of="cost"),)

    def check(self, facts: Facts) -> Iterator[Finding]:
        traffic, current = facts.job.traffic, facts.selected
        work = facts.workload
        if traffic is None or current is None or work.task != "serve" or not work.params_b:
            return
        if work.modality not in (None, "text"):
            return
        api = _api(facts)
        needed = load(work, current.gpu, current.gpu_count, traffic, schedule=facts.job.schedule)
        if api is None or needed is None:
            return
        hours = _paid_hours(facts, needed)
        own = hours * current.per_hour
        requests, tokens_in, tokens_out = (number or 0 for number in traffic[:3])
        each = api.per_request(tokens_in, tokens_out)
        bought = requests * each
        if bought > own * (1 - facts.options["min_saving"]):
            return
        yield self.finding(
            facts.job.pointer("traffic"),
            f"{requests:,.0f} requests a day cost {dollars(own)} on {current.label} ({hours:.3g} h × "
            f"{dollars(current.per_hour)}/h) and {dollars(bought)} through {api.name} (${each:.5f} each, as of "
            f"{api.as_of}): {percent(1 - bought / own)} less (one machine: up to {needed.per_hour:,.0f} an hour)",
            saving=Saving((own - bought) / _hours_a_day(facts), kind="instead", share=1 - bought / own),
            suggestion="use an API until the traffic has grown, or scale to zero when nobody asks",
            numbers=[
                (f"{api.name} as of {api.as_of}", api.source),
                (
                    "one request by API",
                    f"{tokens_in:g} × ${api.per_million_input} + {tokens_out:g} × "
                    f"${api.per_million_output} per million = ${each:.6f}",
                ),
                ("one machine, at best", f"{needed.why}: {needed.per_hour:,.0f} requests an hour"),
                (
                    "machines",
                    f"{requests / _hours_a_day(facts):,.0f} an hour ÷ {needed.per_hour:,.0f}: {needed.machines}",
                ),
                ("left out", "operations and monitoring, which add to the cost of the machine"),
            ],
        )


def _api(facts: Facts) -> ApiPrice | None:
    """Who hosts the same model cheapest, else what is weighed against a model of its size."""
    work, traffic = facts.workload, facts.job.traffic
    assert traffic
    request = traffic.input_tokens or 0.0, traffic.output_tokens or 0.0
    names = work.model_name, work.model.id if work.model else None
    return opposite(facts.case.api_prices, request, work.params_b, *names)


def _hours_a_day(facts: Facts) -> float:
    """For how many hours a day, on average, the job's schedule has it run."""
    return HOURS_PER_DAY * hours_per_month(facts.job.schedule) / HOURS_PER_MONTH


def _paid_hours(facts: Facts, needed: Load) -> float:
    """Machine hours a day that are paid, at the least."""
    scaling, budget = facts.job.scaling, facts.job.budget
    if scaling and scaling.min == 0:
        return needed.busy
    day = min(_hours_a_day(facts), (budget.max_hours if budget else None) or HOURS_PER_DAY)
    return day * max(needed.machines, (scaling.min if scaling else 1) or 1)
