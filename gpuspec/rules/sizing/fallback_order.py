"""GS106 fallback-order."""

from __future__ import annotations

from collections.abc import Iterator

from gpuspec.lint.facts import Facts
from gpuspec.lint.finding import Edit, Finding, Fix, Related, Saving
from gpuspec.lint.rule import Rule
from gpuspec.planning.alternatives import Alternative
from gpuspec.words import dollars


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
      "max_price": 0.7,
      "keep_alive_minutes": 3,
      "run": "python process_batch.py"
    }
    ```

    ## Use instead
    ```jsonc
    {
      "gpu_types": ["RTX 4090", "RTX A5000"],
      "max_price": 0.7,
      "keep_alive_minutes": 3,
      "run": "python process_batch.py"
    }
    ```
    """

    code = "GS106"
    name = "fallback-order"
    severity = "warning"
    fixable = "sometimes"

    def check(self, facts: Facts) -> Iterator[Finding]:
        job = facts.job
        priced = [way for way in facts.choices if way.price]
        cap, floor = job.max_price, job.min_vram or 0
        dear = [way for way in priced if cap is not None and way.per_hour > cap]
        left = [way for way in facts.choices if way not in dear and way.gpu.vram_gb >= floor]
        if dear and not left and len(facts.choices) == len(job.gpu_types):
            cheapest = min(dear, key=lambda way: way.per_hour)
            yield self.finding(
                job.pointer("max_price"),
                f"max_price of {dollars(cap or 0)}/h leaves nothing to rent: the cheapest GPU listed, "
                f"{cheapest.label}, costs {dollars(cheapest.per_hour)}/h",
                severity="error",
                related=[Related(way.pointer, f"{dollars(way.per_hour)}/h") for way in dear],
                suggestion=f"raise max_price to {dollars(cheapest.per_hour)}, or name cheaper GPUs",
            )
            return
        for way in dear:
            yield self.finding(
                way.pointer,
                f"{way.label} costs {dollars(way.per_hour)}/h at the least, more than max_price "
                f"({dollars(cap or 0)}/h): this fallback is never taken",
                suggestion="remove it, or raise max_price",
                fix=Fix(f"remove {way.gpu.name}", (Edit("remove", way.pointer),), safe=False),
            )
        if facts.takes_first:
            yield from self._order(facts, [way for way in left if way.price])

    def _order(self, facts: Facts, ways: list[Alternative]) -> Iterator[Finding]:
        if len(ways) < 2 or len({way.gpu_count for way in ways}) > 1:
            return
        first, cheapest = ways[0], min(ways, key=lambda way: way.per_hour)
        if first.per_hour <= cheapest.per_hour * 1.05:
            return
        yield self.finding(
            first.pointer,
            f"{first.label} ({dollars(first.per_hour)}/h) is tried before {cheapest.label} "
            f"({dollars(cheapest.per_hour)}/h): this launcher takes the first that is free",
            severity="info",
            confidence="medium",
            related=[Related(cheapest.pointer, "cheaper")],
            saving=Saving(first.per_hour - cheapest.per_hour),
            suggestion="list the cheapest first",
            fix=self._sorted(facts, ways),
        )

    def _sorted(self, facts: Facts, ways: list[Alternative]) -> Fix | None:
        pointer = facts.job.pointer("gpu_types")
        written = facts.job.raw.get("gpu_types")
        if not isinstance(written, list) or len(written) != len(ways):
            return None
        left = list(range(len(ways)))
        moves = []
        for place, way in enumerate(sorted(left, key=lambda at: ways[at].per_hour)):
            at = left.index(way)
            if at != place:  # one by one, so that each takes its comments along
                moves.append(Edit("move", f"{pointer}/{at}", f"{pointer}/{place}"))
                left.insert(place, left.pop(at))
        return Fix("cheapest first", tuple(moves), safe=False)
