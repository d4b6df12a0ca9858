"""GS506 single-choice."""

from __future__ import annotations

from collections.abc import Iterator

from gpuspec.catalog.clouds import cloud
from gpuspec.lint import Edit, Facts, Finding, Fix, Option, Rule
from gpuspec.planning.alternatives import Alternative
from gpuspec.planning.cost import exceeds
from gpuspec.planning.limits import in_regions
from gpuspec.planning.price_lists import Price
from gpuspec.words import dollars


class SingleChoice(Rule):
    """One GPU type on one cloud: nothing to fall back on when it is sold out.

    ## What it does
    Reports a spec that names one GPU and one cloud to rent it from, where something else would do at a price that is
    not far off: another GPU there that surely fits, or the same one on another cloud. Names it. Machines of your own
    (Slurm, Kubernetes) are not sold out: silent. Shown with `--pedantic` only: who names one GPU and one cloud mostly
    means it.

    ## Why is this bad
    Popular GPUs are sold out for hours. A second type, a second cloud or a second region costs nothing to write down
    and saves the wait.

    ## Example
    ```jsonc
    {
      "name": "embed",
      "gpu_types": ["RTX A6000"],
      "clouds": ["runpod"],
      "keep_alive_minutes": 3,
      "run": "python embed.py"
    }
    ```

    ## Use instead
    ```jsonc
    {
      "name": "embed",
      "gpu_types": ["RTX A6000"],
      "clouds": ["runpod", "primeintellect"],
      "keep_alive_minutes": 3,
      "run": "python embed.py"
    }
    ```

    ## When to ignore
    When data must stay on that cloud and the result must come from that GPU.
    """

    code = "GS506"
    name = "single-choice"
    severity = "info"
    confidence = "low"
    fixable = "sometimes"
    asks_for = ("gpu_types.1", "clouds", "regions")
    options = (
        Option("most", float, 1.5, "Times the price that a GPU to fall back on may cost.", minimum=1.0),
    )

    def check(self, facts: Facts) -> Iterator[Finding]:
        job = facts.job
        if len(job.gpu_types) != 1 or not (job.clouds or job.provider) or job.deployment is not None:
            return  # an orchestrator's cluster is where it is, and its pools were made for these GPUs
        terms = facts.market.terms
        if len(terms.clouds) != 1:
            return
        (place,) = terms.clouds
        if cloud(place) is None or (terms.allowed and place not in terms.allowed):
            return  # where the settings rule it out there is no choice at all
        if facts.kept_plan.choice is None and place in facts.market.book.clouds:
            return  # it has prices, and none that the job's limits let it take
        current = facts.selected
        if current is None:
            return
        other = self._other(facts)
        there = None if other else self._elsewhere(facts, current)
        if other is None and there is None:
            return
        only = job.gpu_types[0]
        region = f", region {job.regions[0]}" if len(job.regions) == 1 else ""
        now, fix = f"(now {dollars(current.per_hour)}/h)", None
        if other:
            costs = f"{other.label} fits too, at {dollars(other.per_hour)}/h {now}"
            if only.pointer == "/gpu_types/0":
                name, count = other.gpu.name, only.gpu_count  # written as the entry beside it is
                add = Edit("insert", "/gpu_types/-", {"type": name, "count": count} if count else name)
                fix = Fix(f"accept {name}, too", (add,), safe=False)
        elif there:
            elsewhere = there.offer.cloud not in terms.clouds
            where = there.offer.cloud if elsewhere else f"region {there.offer.region}"
            costs = f"{where} has it at {dollars(there.per_hour)}/h {now}"
            if elsewhere and job.pointers.get("clouds") == "/clouds":
                add = Edit("insert", "/clouds/-", there.offer.cloud)
                fix = Fix(f"allow {there.offer.cloud}, too", (add,), safe=False)
        yield self.finding(
            only.pointer,
            f"{only.name} on {place}{region} is the only choice: when it is sold out the job waits; {costs}",
            suggestion="name a second GPU type, or allow another cloud or region",
            fix=fix,
        )

    def _elsewhere(self, facts: Facts, current: Alternative) -> Price | None:
        """The same GPUs where they cost least: in another region of the cloud, else on another that may be used."""
        terms, limit = facts.market.terms, current.per_hour * facts.options["most"]
        clouds = (terms.clouds, frozenset()) if terms.regions else (frozenset(),)
        for each in clouds:
            prices = facts.market.book.price_list(terms._replace(clouds=each, regions=()))
            for price in prices.prices(current.gpu.name, current.gpu_count):
                if price.per_hour > limit or exceeds(price.per_hour, facts.job.max_price):
                    break
                offer = price.offer
                known = offer.region is not None and not in_regions(offer.region, terms.regions)
                if offer.cloud not in terms.clouds or (terms.regions and known):
                    return price
        return None

    def _other(self, facts: Facts) -> Alternative | None:
        """The cheapest other GPU that surely fits, half as fast at least."""
        current = facts.selected
        if current is None or not current.fit or current.fit.need.confidence == "low":
            return None
        from gpuspec.planning.compare import compared

        limit, cap = current.per_hour * facts.options["most"], facts.job.max_price
        for machine in facts.market.fitting((current.gpu_count,)):
            if machine.per_hour > limit or exceeds(machine.per_hour, cap):
                return None
            if machine.gpu.name == current.gpu.name:
                continue
            speed = compared(facts.market, current, facts.market, machine).speed
            if speed and speed >= 0.5:
                return machine
        return None
