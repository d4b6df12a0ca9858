"""How long `gpuspec plan` takes over many offers, as a whole process, and how many calls of Python that makes.

    python benchmarks/plan.py [--runs N]

The offers are those of the price table that ships, as many as are wanted: some of them, or all again and again with
other regions. Bar: 3,000 offers in 150 ms of the processor, on a machine where `python -c pass` takes 10 ms: given as
times that, so that it means the same on a slower one. Exits with 1 where it is missed.
"""

from __future__ import annotations

import argparse
import cProfile
import os
import pstats
import resource
import statistics
import subprocess
import sys
import tempfile
from itertools import count
from pathlib import Path

from gpuspec.catalog import Catalog, Offer
from gpuspec.catalog.snapshot import render
from gpuspec.cli.open_case import CaseOptions, open_case
from gpuspec.planning.case import JobOverrides
from gpuspec.plugin.installed_catalog import catalog_instead
from gpuspec.report import plan_table

SPEC = Path(__file__).parents[1] / "examples" / "batch-70b-awq.jsonc"
OFFERS = (650, 3_000, 10_000)
BAR = 15.0
"""Times bare Python, for 3,000 offers."""


def many(catalog: Catalog, number: int) -> list[Offer]:
    """So many offers of a catalogue, spread over all of it; each time around in other regions."""
    offers = catalog.offers()
    step = max(1, len(offers) // number)
    found = list(offers[::step][:number])
    for time in count(1):
        if len(found) >= number:
            break
        found += (offer._replace(region=f"{offer.region or 'any'}-{time}") for offer in offers)
    return found[:number]


def milliseconds(command: list[str], runs: int, **environment: str) -> float:
    """Of the processor, by a process and what it starts: the median, without the first, which compiles."""
    took = []
    for _ in range(runs + 1):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run(command, env=os.environ | environment, stdout=subprocess.DEVNULL, check=True)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        took.append(1000 * (after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime))
    return statistics.median(took[1:])


def calls(prices: str) -> int:
    """Calls of Python to plan and to show the plan, once all is imported."""
    number = 0
    for _ in range(2):
        with catalog_instead(Catalog()), cProfile.Profile() as profile:
            given = CaseOptions(JobOverrides(prices=prices))
            case = open_case(str(SPEC), given.settings_for(str(SPEC)))
            plan_table.render(case, case.plan)
        number = pstats.Stats(profile).total_calls  # type: ignore[attr-defined]
    return number


def main() -> int:
    """Prints the table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--runs", type=int, default=15)
    runs = parser.parse_args().runs
    shipped, failed = Catalog(), False
    with tempfile.TemporaryDirectory() as folder:
        cache = {"PYTHONPYCACHEPREFIX": str(Path(folder) / "pycache"), "PYTHONDONTWRITEBYTECODE": ""}
        bare = milliseconds([sys.executable, "-c", "pass"], runs, **cache)
        print(f"{'offers':>7} {'ms':>7} {'bare':>6} {'--json':>7} {'calls':>9}")
        for number in OFFERS:
            snapshot = Path(folder) / "prices.tsv"
            snapshot.write_text(render(shipped.price_sources, many(shipped, number)), encoding="utf-8")
            command = [sys.executable, "-m", "gpuspec", "plan", str(SPEC), "--prices", str(snapshot)]
            took = milliseconds(command, runs, **cache)
            as_json = milliseconds([*command, "--json"], runs, **cache)
            print(f"{number:7,} {took:7.0f} {took / bare:5.1f}× {as_json:7.0f} {calls(str(snapshot)):9,}")
            failed |= number == 3_000 and took / bare > BAR
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
