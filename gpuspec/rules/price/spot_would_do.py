"""GS501 spot-would-do."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from gpuspec.lint import Edit, Facts, Finding, Fix, Rule
from gpuspec.planning.alternatives import Alternative
from gpuspec.planning.cost import exceeds
from gpuspec.rules.numbers import price_lines
from gpuspec.rules.options import min_saving
from gpuspec.words import dollars, percent

if TYPE_CHECKING:
    from gpuspec.planning.compare import Compared


class SpotWouldDo(Rule):
    """Work that can be interrupted runs on demand, at twice the price of spot machines.

    ## What it does
    For batch jobs, and for training whose checkpoints would survive the machine (see `spot-without-checkpoint`),
    compares the price on demand with the cheapest spot price of the same GPUs on the allowed clouds. Silent where
    nobody offers them as spot, or where the difference is below `min_saving`. As an info, and without a fix, of a
    batch job that has no `items` and of which nothing shows that it goes on where it was.

    ## Why is this bad
    Spot machines cost half or less. A batch job with `items` that is interrupted starts again on what is left, and
    saving a checkpoint now and then costs 1–2 % of the time.

    ## Example
    ```jsonc
    {
      "name": "transcribe",
      "task": "batch",
      "gpu_types": ["L4"],
      "clouds": ["gcp"],
      "items": "audio/*.wav",
      "keep_alive_minutes": 3,
      "run": "whisper --model large-v3 {item}"
    }
    ```

    ## Use instead
    ```jsonc
    {
      "name": "transcribe",
      "task": "batch",
      "gpu_types": ["L4"],
      "clouds": ["gcp"],
      "items": "audio/*.wav",
      "spot": "allowed",
      "keep_alive_minutes": 3,
      "run": "whisper --model large-v3 {item}"
    }
    ```

    ## When to ignore
    When a deadline leaves no time for a second start, or when the job writes nothing before its end.
    """

    code = "GS501"
    name = "spot-would-do"
    severity = "warning"
    confidence = "medium"
    fixable = "sometimes"
    asks_for = ("spot",)
    options = (min_saving(0.3),)

    def check(self, facts: Facts) -> Iterator[Finding]:
        job, current = facts.job, facts.selected
        if job.spot in ("allowed", "only") or current is None or not self._bears_it(facts):
            return
        found = self._cheapest(facts, current)
        if found is None or found.waste < facts.options["min_saving"]:
            return
        from gpuspec.rules.cost_in_words import saving, slower

        spot = found.machine
        assert spot.price
        again = self._again(facts)
        work = "" if spot.gpu.name == current.gpu.name else slower(current, found)
        decided = "spot" in job.pointers  # the author wrote "never": shown with --pedantic only
        yield self.finding(
            job.pointer("spot") or current.pointer,
            f"{current.label} on demand costs {dollars(current.per_hour)}/h; {spot.label} as spot costs "
            f"{dollars(spot.per_hour)}/h on {spot.price.offer.cloud}, {percent(found.waste)} less{work}; "
            f"{again or 'nothing shows that interrupted work goes on where it was'}",
            severity="info" if decided or not again else None,
            confidence="low" if decided else None,
            saving=saving(current, found, "price"),
            suggestion='"spot": "allowed"'
            + (
                ""
                if again
                else ", where the program writes as it goes and skips what is done; else it begins anew"
            ),
            fix=Fix("allow spot machines", (Edit("set", "/spot", "allowed"),), safe=False) if again else None,
            numbers=price_lines(facts, current, found),
        )

    def _again(self, facts: Facts) -> str:
        """How work that is interrupted goes on, "" where nothing says that it does: the runner knows which items are
        done, but not how far one command came."""
        if facts.workload.task == "train":
            return "interrupted work goes on from its last checkpoint"
        if facts.job.items:
            return "interrupted work goes on with what is left"
        from gpuspec.workload.checkpoints import checkpoints

        resumes = checkpoints(facts.job, facts.commands).resumes
        return "interrupted work goes on where it was" if resumes else ""

    def _bears_it(self, facts: Facts) -> bool:
        """Whether an interruption loses little."""
        if facts.workload.task == "batch":
            return True
        if facts.workload.task != "train":
            return False
        from gpuspec.workload.checkpoints import checkpoints

        found = checkpoints(facts.job, facts.commands)
        return bool(found.durable and found.while_running and found.resumes)

    def _cheapest(self, facts: Facts, current: Alternative) -> Compared | None:
        """Where the work costs least at a spot price, of the GPUs that the spec accepts and are not too small."""
        from gpuspec.planning.compare import compared

        market = facts.market
        found = [
            compared(market, current, market, machine._replace(price=price))
            for machine in facts.choices
            if market.large_enough(machine)
            if (price := market.cheapest(machine.gpu.name, machine.gpu_count, spot="only"))
            and not exceeds(price.per_hour, facts.job.max_price)
        ]
        return min(found, key=lambda each: (each.cost, each.machine.per_hour), default=None)
