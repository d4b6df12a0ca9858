"""GS507 stale-prices."""

from __future__ import annotations

from collections.abc import Iterator

from gpuspec.catalog.clouds import cloud
from gpuspec.catalog.price_file import names_a_file
from gpuspec.lint import Facts, Finding, Option, Rule


class StalePrices(Rule):
    """The price that decides what this job costs is old.

    ## What it does
    Looks at the price of the machine that the job comes down to, the cheapest of its GPUs that does it, and reports
    where the list it stands in is more than `max_days` older than the newest list that gpuspec has: of those that
    ship with it, those you fetched, and those in the file that `prices` names. A list without a date is left alone.
    Shown with `--pedantic` only: nothing in the file is wrong, and `gpuspec prices` says how old each list is.

    The clock of the machine is not asked: a commit that passed must pass again next month, and two people must get
    the same findings. What becomes newer is the lists, with each gpuspec and each `gpuspec prices update`. How old
    prices are today, `gpuspec prices` says. Give the option `today` (`"2027-03-01"`) to count from another day.

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
    confidence = "low"
    options = (
        Option("max_days", int, 90, "Days from which a price list is old.", minimum=1),
        Option("today", str, "", "Day to count from, yyyy-mm-dd; empty: the newest day of any list."),
    )

    def check(self, facts: Facts) -> Iterator[Finding]:
        machine = facts.selected
        if machine is None or machine.price is None or facts.job.deployment is not None:
            return  # who runs what another tool launches does not rent by these lists
        offer = machine.price.offer
        dates = facts.price_dates
        dated = dates.get(offer.source)
        today = facts.options["today"] or max((facts.catalog.newest_day, *filter(None, dates.values())))
        if (
            dated is None
            or not today
            or dated == today
            or (days := _days(today) - _days(dated)) <= facts.options["max_days"]
        ):
            return
        update = (
            f"gpuspec prices update --cloud {offer.cloud}" if cloud(offer.cloud) else "gpuspec prices update"
        )
        again = (
            f", then `gpuspec prices export --out {facts.prices}`" if names_a_file(facts.prices or "") else ""
        )
        yield self.finding(
            facts.name_pointer(machine),
            f"the price of {machine.gpu.name} is of {dated} ({offer.source}), {days} days before {today}: what "
            "findings say of money may have changed",
            suggestion=f"run `{update}`{again}",
        )


def _days(day: str) -> int:
    """Days since a fixed day. Raises ValueError for what is no ISO date, which the option `today` may be."""
    from datetime import date

    return date.fromisoformat(day).toordinal()
