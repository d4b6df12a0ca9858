"""GS507 stale-prices."""

from __future__ import annotations

from collections.abc import Iterator

from gpuspec.lint import Facts, Finding, Option, Rule


class StalePrices(Rule):
    """The prices that other findings are computed from are old.

    ## What it does
    Compares the date of each price list that prices one of this job's GPUs with the newest date among all lists in
    force, those that ship with gpuspec and those you fetched; reports a list more than `max_days` older. A list
    whose date is not known is left alone. The clock of the machine is not asked, so that the same input gives the
    same findings on any day; give the option `today` (`"2027-03-01"`) to count from another day.

    ## Why is this bad
    GPU prices move by a third in a year; a saving worked out from an old list may not be there.

    ## Example
    ```jsonc
    // prices: seed-2025
    {
      "name": "embed",
      "gpu_types": ["RTX 4090"],
      "keep_alive_minutes": 3,
      "run": "python embed.py"
    }
    ```

    ## Use instead
    ```jsonc
    // prices: skypilot-runpod
    {
      "name": "embed",
      "gpu_types": ["RTX 4090"],
      "keep_alive_minutes": 3,
      "run": "python embed.py"
    }
    ```

    ## When to ignore
    When you agreed on these prices with the seller.
    """

    code = "GS507"
    name = "stale-prices"
    severity = "info"
    preview = True
    options = (
        Option("max_days", int, 90, "Days from which a price list is old.", minimum=1),
        Option("today", str, "", "Day to count from, yyyy-mm-dd; empty: the newest date among the lists."),
    )

    def check(self, facts: Facts) -> Iterator[Finding]:
        used = {machine.price.offer.source: machine for machine in reversed(facts.choices) if machine.price}
        today = facts.options["today"] or max(facts.price_days.values(), default="")
        for source, machine in sorted(used.items()):
            dated = facts.price_days.get(source)
            days = _days(today) - _days(dated) if dated and today else 0
            if days > facts.options["max_days"]:
                yield self.finding(
                    facts.name_pointer(machine),
                    f"the price of {machine.gpu.name} is of {dated} ({source}), {days} days before {today}: what "
                    "findings say of money may have changed",
                    suggestion="run `gpuspec prices update`",
                )


def _days(day: str) -> int:
    """Days since a fixed day. Raises ValueError for what is no ISO date, which the option `today` may be."""
    from datetime import date

    return date.fromisoformat(day).toordinal()
