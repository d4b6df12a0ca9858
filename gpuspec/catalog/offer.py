"""Offers: what can be rented, where, for how much, as of when."""

from gpuspec.named_tuple import NamedTuple

# See gpu.py on annotations.


class Offer(NamedTuple):
    """One rentable thing. Prices are US dollars per hour for the whole instance; None is "not offered": `price` on
    demand, `spot_price` for a machine that may be taken away."""

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
    bid: float | None = None
    """The least that may be bid for it in an auction. It is no price: what is paid is decided there."""
    hosts: str = "secure"
    """Whose machine it is: "secure" for the cloud's own or a data centre's, "community" for anyone's."""
    list_price: float | None = None
    """What the cloud asks of everybody on demand, where `price` is what was agreed with it (`agreed.py`)."""
    agreed: str = ""
    """How `price` was agreed on, in words: "list price $4.00/h less 32 % (gpuspec.toml)"; "" where it was not."""


class HeldBack(NamedTuple):
    """An offer that is not believed, and why. `price` is dollars per hour for the whole instance."""

    cloud: str
    instance: str
    gpu: str
    gpu_count: int
    price: float
    reason: str


class PriceSource(NamedTuple):
    """A list of prices. `as_of` is the day of the prices (ISO, yyyy-mm-dd), None where the list does not say;
    `rentable` is False for lists that no launcher can rent from (a guide's table of 2025)."""

    name: str
    as_of: str | None
    origin: str
    rentable: bool
    copied: str | None = None
    """The day on which the list was read: its prices are no newer."""
    dropped: tuple[tuple[str, int], ...] = ()
    """(reason, rows) of what the sanitiser did not believe."""
    mended: tuple[tuple[str, int], ...] = ()
    """(reason, rows) of values it left out of rows it kept."""
    held: tuple[HeldBack, ...] = ()
    """Offers whose price is not believed."""

    @property
    def latest(self) -> str | None:
        """The latest day its prices can be of: their own date, else the day on which the list was read."""
        return self.as_of or self.copied

    @property
    def dated(self) -> str:
        """The date for people: "2025-01-01", or "snapshot 2026-11-20" where only the day of reading is known."""
        return self.as_of or (f"snapshot {self.copied}" if self.copied else "undated")


Snapshot = tuple[tuple[PriceSource, ...], tuple[Offer, ...]]
"""What a price snapshot holds: price sources, and the offers of all of them."""
