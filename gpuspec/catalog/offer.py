"""Offers: what can be rented, where, for how much, as of when."""

from typing import NamedTuple

# See gpu.py on annotations.


class Offer(NamedTuple):
    """One rentable thing. Prices are US dollars per hour for the whole instance; None is "not offered"."""

    cloud: str
    region: str | None
    instance: str
    gpu: str
    """Canonical GPU name (`Gpu.name`); one with `variants` where the cloud does not say which it is."""
    gpu_count: int
    vcpus: float | None
    ram_gib: float | None
    disk_gb: float | None
    price: float | None
    spot_price: float | None
    source: str
    """Name of the PriceSource."""
    accelerator: str | None = None
    """What SkyPilot calls this GPU on this cloud ("A6000" on lambda, "RTXA6000" on runpod), as its price row has
    it: the launcher asks with this name, since with another it finds nothing. None: not a row of SkyPilot's."""
    launcher: str = "skypilot"
    """Name of the launcher that can run a job on it, as `run --on` has it."""
    owned: bool = False
    """It is yours and stays when a job is over: neither idle minutes nor a disk are paid for."""


class PriceSource(NamedTuple):
    """A dated list of prices. `as_of` is ISO yyyy-mm-dd of the prices, None where their date is unknown;
    `rentable` is False for lists that no launcher can rent from (a guide's table of 2025)."""

    name: str
    as_of: str | None
    origin: str
    rentable: bool
    catalog: str = ""
    """The catalogue and the day it was copied, for sources without a date of their own."""
    dropped: tuple[tuple[str, int], ...] = ()
    """(reason, rows) of what the sanitiser did not believe."""
    mended: tuple[tuple[str, int], ...] = ()
    """(reason, rows) of values it left out of rows it kept."""

    @property
    def latest(self) -> str | None:
        """The latest day its prices can be of: their own date, else the day the catalogue was copied or fetched."""
        if self.as_of:
            return self.as_of
        last = self.catalog.rpartition(" ")[2]
        return last if len(last) == 10 and last[4] == last[7] == "-" else None

    @property
    def dated(self) -> str:
        """The date for people: "2025-01-01", or "date unknown (SkyPilot catalog v8, copied 2026-11-20)"."""
        return self.as_of or f"date unknown ({self.catalog})"


Snapshot = tuple[tuple[PriceSource, ...], tuple[Offer, ...]]
"""What a price snapshot holds: price sources, and the offers of all of them."""
