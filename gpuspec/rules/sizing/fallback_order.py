"""GS106 fallback-order."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from gpuspec.lint import Edit, Facts, Finding, Fix, Related, Rule
from gpuspec.planning.alternatives import Alternative
from gpuspec.planning.cost import exceeds
from gpuspec.words import dollars, percent

if TYPE_CHECKING:
    from gpuspec.planning.compare import Compared


MOST_COST = 0.85
"""Share of what the work costs on the first GPU of a list that it costs at most on one worth listing before it."""
LEAST_SAVING = 0.09
"""Dollars for each hour, below which nobody sorts a list anew."""
FLOATING = 1.5
"""Times `max_price` from which a price of a market place is above it: what strangers ask for a machine moves by tens
of percent within a day, and a price list is a look at it."""


class FallbackOrder(Rule):
    """A fallback that can never be taken, or a list that is not cheapest first.

    ## What it does
    Reports a GPU in `gpu_types` that costs more than `max_price` everywhere, and a list of which `min_vram` and
    `max_price` leave nothing. gpuspec takes the cheapest, whatever the order; only for files that another
    launcher reads from the top (GPU CLI's gpu.jsonc) it also reports a list that is not cheapest first.

    ## Why is this bad
    A fallback that is never taken gives false comfort; an expensive GPU at the top is taken although a
    cheaper one further down is free.

    ## Example
    ```jsonc
    {
      "gpu_types": ["RTX 4090", "A100 PCIe 80GB"],
      "max_price": 0.8,
      "keep_alive_minutes": 3,
      "run": "python process_batch.py"
    }
    ```

    ## Use instead
    ```jsonc
    {
      "gpu_types": ["RTX 4090", "RTX A5000"],
      "max_price": 0.8,
      "keep_alive_minutes": 3,
      "run": "python process_batch.py"
    }
    ```
    """

    code = "GS106"
    name = "fallback-order"
    severity = "warning"
    may_be_error = True
    fixable = "sometimes"

    def check(self, facts: Facts) -> Iterator[Finding]:
        job = facts.job
        priced = [machine for machine in facts.choices if machine.price]
        cap, floor = job.max_price, job.min_vram or 0
        floats = _floats(facts)
        surely = cap * FLOATING if floats and cap else cap
        expensive = [machine for machine in priced if exceeds(machine.per_hour, surely)]
        left = [
            machine for machine in facts.choices if machine not in expensive and machine.gpu.vram_gb >= floor
        ]
        if expensive and not left and len(facts.choices) == len(job.gpu_types):
            cheapest = min(expensive, key=lambda machine: machine.per_hour)
            yield self.finding(
                job.pointer("max_price"),
                f"max_price of {dollars(cap or 0)}/h leaves nothing to rent: the cheapest GPU listed, "
                f"{cheapest.label}, costs {dollars(cheapest.per_hour)}/h",
                severity="warning" if floats else "error",
                related=[Related(machine.pointer, f"{dollars(machine.per_hour)}/h") for machine in expensive],
                suggestion=f"raise max_price to {dollars(cheapest.per_hour)}, or name cheaper GPUs",
            )
            return
        for machine in expensive:
            yield self.finding(
                machine.pointer,
                f"{machine.label} costs {dollars(machine.per_hour)}/h at the least, more than max_price "
                f"({dollars(cap or 0)}/h): this fallback is never taken",
                suggestion="remove it, or raise max_price",
                fix=Fix(f"remove {machine.gpu.name}", (Edit("remove", machine.pointer),), safe=False),
            )
        if facts.takes_first:
            yield from self._order(facts, [machine for machine in left if machine.price])

    def _order(self, facts: Facts, machines: list[Alternative]) -> Iterator[Finding]:
        if len(machines) < 2 or len({machine.gpu_count for machine in machines}) > 1:
            return
        from gpuspec.planning.compare import compared, dearer
        from gpuspec.rules.cost_in_words import saving, slower

        market, first = facts.market, machines[0]
        costs = {one.pointer: compared(market, first, market, one) for one in machines}

        def order(each: Compared) -> tuple[bool, float, float]:
            return dearer(market, each), each.cost, each.machine.per_hour

        found = min(costs.values(), key=order)
        cheapest = found.machine
        if found.cost > MOST_COST or saving(first, found).per_hour < LEAST_SAVING:
            return
        yield self.finding(
            first.pointer,
            f"{first.label} ({dollars(first.per_hour)}/h) is tried before {cheapest.label} "
            f"({dollars(cheapest.per_hour)}/h, {percent(found.waste)} less{slower(first, found)}): this launcher "
            "takes the first that is free",
            severity="info",
            confidence="medium",
            related=[Related(cheapest.pointer, "cheaper")],
            saving=saving(first, found),
            suggestion="list the cheapest first",
            fix=self._sorted(facts, [order(costs[one.pointer]) for one in machines]),
        )

    def _sorted(self, facts: Facts, machines: list[tuple[bool, float, float]]) -> Fix | None:
        """`machines`: what each is ordered by."""
        pointer = facts.job.pointer("gpu_types")
        written = facts.tree.at(pointer)
        if not isinstance(written, list) or len(written) != len(machines):
            return None
        left = list(range(len(machines)))
        moves = []
        for place, machine in enumerate(sorted(left, key=lambda at: machines[at])):
            at = left.index(machine)
            if at != place:  # one by one, so that each takes its comments along
                moves.append(Edit("move", f"{pointer}/{at}", f"{pointer}/{place}"))
                left.insert(place, left.pop(at))
        return Fix("cheapest first", tuple(moves), safe=False)


def _floats(facts: Facts) -> bool:
    """Whether the job may rent from strangers."""
    terms = facts.market.terms
    return terms.hosts == "any" or not terms.community.isdisjoint(terms.clouds | terms.allowed)
