"""GS013 unknown-place."""

from __future__ import annotations

from collections.abc import Iterator

from gpuspec.lint import Facts, Finding, Fix, Rule
from gpuspec.planning.places import unpriced_clouds, unpriced_regions
from gpuspec.text import Edit


class UnknownPlace(Rule):
    """A cloud that nobody knows, or a place that no price list in force has.

    ## What it does
    Looks up each name in `clouds` among the clouds that SkyPilot knows and those of the price lists in force. Where
    the names are right and none of the clouds, or none of the `regions`, has a price, it says so as info: the
    job may be fine, and nothing can be said of what it costs.

    ## Why is this bad
    `plan` and `run` find nothing to rent there, and rules about money stay silent.

    ## Example
    ```jsonc
    { "gpu_types": ["RTX 4090"], "clouds": ["runpot"], "keep_alive_minutes": 3, "run": "python process_batch.py" }
    ```

    ## Use instead
    ```jsonc
    { "gpu_types": ["RTX 4090"], "clouds": ["runpod"], "keep_alive_minutes": 3, "run": "python process_batch.py" }
    ```

    ## When to ignore
    When another tool launches the job, in a place whose prices you know.
    """

    code = "GS013"
    name = "unknown-place"
    severity = "error"
    fixable = "sometimes"

    def check(self, facts: Facts) -> Iterator[Finding]:
        job, book = facts.case.written, facts.case.price_book
        if job is None:
            return
        clouds = list(unpriced_clouds(job.clouds, book))
        for each in clouds:
            at = f"/clouds/{each.at}" if facts.format.in_spec_fields else job.pointer("clouds")
            if not each.known and each.near:
                fix = Fix(f"use {each.near}", (Edit("set", at, each.near),), safe=False)
                yield self.finding(at, each.message, suggestion=each.advice, fix=fix)
            elif not each.known:  # it may be newer than the list
                yield self.finding(at, each.message, severity="warning", suggestion=each.advice)
            elif len(clouds) == len(job.clouds):
                yield self.finding(at, each.message, severity="info", suggestion=each.advice)
        named = frozenset(name.strip().lower() for name in job.clouds or facts.clouds)
        regions = list(unpriced_regions(job.regions, named, book))
        if regions and len(regions) == len(job.regions):
            for each in regions:
                at = f"/regions/{each.at}" if facts.format.in_spec_fields else job.pointer("regions")
                yield self.finding(at, each.message, severity="info", suggestion=each.advice)
