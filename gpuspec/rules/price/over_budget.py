"""GS505 over-budget."""

from __future__ import annotations

import math
from collections.abc import Iterator

from gpuspec.job.job import Budget
from gpuspec.lint import Edit, Facts, Finding, Fix, Related, Rule
from gpuspec.planning.cost import cost_at, exceeds, highest_price, time_limit
from gpuspec.planning.plan import Cost, Plan
from gpuspec.words import dollars

LEAST, LEAST_SHARE = 1.0, 0.05
"""Dollars, and the share of the budget, below which nobody minds what a machine at `max_price` would cost more: it is
the idle end and the disk."""
ROUNDING_SHARE = 0.01
"""Of the budget: so little over it is rounding, whatever it is made of."""


class OverBudget(Rule):
    """The run may cost more than its budget.

    ## What it does
    Adds up the worst case of one run: `budget.max_hours` × the price, the idle tail, the download, the disk, and
    what else the cloud bills, such as the rest of an hour that has begun. Compares it with `budget.max_total`. An
    error when even the cheapest machine exceeds it; a warning when only a machine at `max_price` does, by $1 and 5 %
    at least. Without
    `max_hours` the run ends when the budget is spent, and there is nothing to report unless the tail alone exceeds
    it. What is over by no more than 1 %, or by less than 5 % while the hours themselves are paid for, is an info that
    only `--pedantic` shows: an idle end, a disk, rounding.

    ## Why is this bad
    One of the two limits is wrong. The launcher refuses such a job, or ends it before its work is done.

    ## Example
    ```jsonc
    {
      "name": "finetune",
      "task": "train",
      "gpu_types": ["RTX 4090"],
      "budget": { "max_hours": 100, "max_total": 10 },
      "keep_alive_minutes": 3,
      "run": "python train.py"
    }
    ```

    ## Use instead
    ```jsonc
    {
      "name": "finetune",
      "task": "train",
      "gpu_types": ["RTX 4090"],
      "budget": { "max_hours": 8, "max_total": 10 },
      "keep_alive_minutes": 3,
      "run": "python train.py"
    }
    ```
    """

    code = "GS505"
    name = "over-budget"
    severity = "error"
    fixable = "sometimes"

    def check(self, facts: Facts) -> Iterator[Finding]:
        budget = facts.job.budget
        if budget is None or budget.max_total is None:
            return
        plan = facts.kept_plan
        if plan.choice is None or plan.cost is None:
            return
        highest = highest_price(plan.choice, facts.job)
        for price, sure in ((plan.choice.price, True), (highest, False)):
            cost = cost_at(facts.job, plan, plan.choice._replace(price=price))
            if not sure and (cost.total or 0.0) < budget.max_total + max(
                LEAST, LEAST_SHARE * budget.max_total
            ):
                return
            if exceeds(cost.total, budget.max_total):
                finding = self._report(facts, plan, cost, price=price, sure=sure)
                little = _little(cost, budget.max_total)
                yield finding._replace(severity="info", confidence="low") if little else finding
                return

    def _report(self, facts: Facts, plan: Plan, cost: Cost, *, price: float, sure: bool) -> Finding:
        job = facts.job
        assert plan.choice
        total, cap = cost.total or 0.0, (job.budget and job.budget.max_total) or 0.0
        offer = plan.choice.offer
        machine = offer.gpu if offer.gpu_count == 1 else f"{offer.gpu_count} × {offer.gpu}"
        at = f"{machine} at {dollars(price)}/h" if sure else f"a machine at max_price ({dollars(price)}/h)"
        pays_for = self._hours(facts, plan, price)
        related, fix = [], None
        if hours := job.pointers.get("budget.max_hours"):
            related = [Related(hours, "hours")]
            if pays_for:
                fix = Fix(f"set max_hours to {pays_for:g}", (Edit("set", hours, pays_for),), safe=False)
        return self.finding(
            job.pointer("budget.max_total"),
            f"{at} costs up to {dollars(total)}, {dollars(total - cap)} over max_total ({dollars(cap)}): "
            + "; ".join(f"{what} {amount}" for what, amount in cost.lines),
            severity="error" if sure else "warning",
            related=related,
            suggestion=f"max_total pays for {pays_for:g} h"
            if pays_for
            else f"raise max_total to {total:.2f}",
            fix=fix,
            numbers=(*cost.lines, ("worst case", dollars(total)), ("budget.max_total", dollars(cap))),
        )

    def _hours(self, facts: Facts, plan: Plan, price: float) -> float:
        """Hours that `max_total` pays for, to a tenth below; 0 where not even the tail is paid."""
        assert facts.job.budget
        assert plan.choice
        only = facts.job._replace(budget=Budget(max_total=facts.job.budget.max_total))
        hours = time_limit(only, price, plan.keep_alive_minutes, plan.need, plan.choice.offer) or 0.0
        return math.floor(hours * 10) / 10


def _little(cost: Cost, cap: float) -> bool:
    """Whether what is over the budget is rounding, or an idle end and a disk beside hours that it pays for."""
    over = (cost.total or 0.0) - cap
    paid = cost.run is not None and not exceeds(cost.run, cap)
    return over <= ROUNDING_SHARE * cap or (paid and over < LEAST_SHARE * cap)
