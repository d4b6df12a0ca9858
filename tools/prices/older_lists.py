"""Lists of clouds that the newer file lacks, as SkyPilot's catalogue had them under an older schema.

SkyPilot 0.14.1 can still launch on all three (sky/clouds/{do,fluidstack,paperspace}.py), so they can be rented; their
prices have no date, and are older than the others by the schemas that they stand under."""

from __future__ import annotations

from pathlib import Path

from gpuspec.catalog import Catalog
from gpuspec.catalog.sanitise import sanitise
from tools.prices.listing import Listing, listing, read_csv

COPIED = "2026-11-20"
COMMITS = {
    "do": ("v5", "470429fd402c9ca281e590a44d0fabcdb6016006"),
    "fluidstack": ("v6", "7dc0cfecf3fa803eb48606a82258bfda657c53bc"),
    "paperspace": ("v6", "e520054145d1bce6748bcf18c9a25ddd6ea9a348"),
}
"""cloud → (schema, commit of skypilot-org/skypilot-catalog)."""


def listings(folder: Path, catalog: Catalog) -> list[Listing]:
    """One listing a cloud."""
    found = []
    for cloud, (schema, commit) in COMMITS.items():
        rows = read_csv(folder / cloud / "vms.csv")
        origin = (
            f"skypilot-org/skypilot-catalog catalogs/{schema}/{cloud}/vms.csv @{commit[:12]}; an old schema"
        )
        found.append(
            listing(f"skypilot-{cloud}", sanitise(cloud, rows, catalog), origin=origin, copied=COPIED)
        )
    return found
