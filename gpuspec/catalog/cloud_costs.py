"""What clouds ask for beside the price of an hour: the steps in which they bill time, disks, and traffic."""

from functools import cache

from gpuspec.named_tuple import NamedTuple

NUMBERS = ("billing_step", "billing_minimum", "disk", "egress", "egress_free", "ingress")
"""Facts whose value is a number, or "host" where each host of the cloud sets its own."""

FACTS = (*NUMBERS, "disk_sizes", "stopped")


class Fact(NamedTuple):
    """One row of the table: what was read of a cloud, where, and on what day (ISO). `instances` is how the names of
    the machines begin that it is about; "" is all."""

    cloud: str
    fact: str
    instances: str
    value: str
    source: str
    read: str


class CloudCosts(NamedTuple):
    """What one cloud asks. None is "not known", or "set by each host" where `host_sets` names the field."""

    billing_step: float | None = None
    """Seconds. A step that has begun is paid for."""
    billing_minimum: float | None = None
    """Seconds that are paid for at least."""
    disk: float | None = None
    """Dollars a GB and month of the disk that SkyPilot asks for; 0 where it is in the price of the machine."""
    disk_sizes: tuple[tuple[float, float], ...] = ()
    """(GB, dollars a month) where disks come in sizes: one in between costs what the next larger does."""
    stopped: str | None = None
    """What a machine costs that is stopped and not gone: "all" it cost before, its "disk", or dollars a GB and month
    of its disk."""
    egress: float | None = None
    """Dollars a GB that leaves for the internet."""
    egress_free: float = 0.0
    """GB a month of that which cost nothing."""
    ingress: float | None = None
    """Dollars a GB that comes in."""
    host_sets: frozenset[str] = frozenset()

    def disk_per_month(self, size_gb: float) -> float | None:
        """Dollars a month for a disk; None where that is not known."""
        if not size_gb:
            return 0.0
        if not self.disk_sizes:
            return None if self.disk is None else size_gb * self.disk
        for size, price in self.disk_sizes:
            if size_gb <= size:
                return price
        largest, price = self.disk_sizes[-1]
        return price * size_gb / largest


@cache
def cloud_facts() -> tuple[Fact, ...]:
    """All that is known, in the order of the table."""
    from gpuspec.catalog.shipped import read_cloud_costs

    return tuple(Fact(*line.split("\t")) for line in read_cloud_costs().splitlines()[1:])


def cloud_costs(cloud: str, instance: str = "") -> CloudCosts:
    """What is known of a cloud of that name (in any case), for one of its machines."""
    kinds = _kinds_of_machines(cloud)
    return _costs(cloud, next((kind for kind in kinds if instance.startswith(kind)), ""))


@cache
def _kinds_of_machines(cloud: str) -> tuple[str, ...]:
    """How the names of the machines begin of which the table says more than of the others on a cloud."""
    return tuple({row.instances for row in cloud_facts() if row.cloud == cloud.lower() and row.instances})


@cache
def _costs(cloud: str, kind: str) -> CloudCosts:
    rows = [row for row in cloud_facts() if row.cloud == cloud.lower() and row.instances in ("", kind)]
    found = {row.fact: row.value for row in sorted(rows, key=lambda row: row.instances)}  # "" first
    known: dict[str, float | None] = {
        name: None if value == "host" else float(value) for name, value in found.items() if name in NUMBERS
    }
    sizes = [entry.split("=") for entry in found.get("disk_sizes", "").split()]
    return CloudCosts(
        **known,  # type: ignore[arg-type]  # egress_free is never "host"
        disk_sizes=tuple((float(size), float(price)) for size, price in sizes),
        stopped=found.get("stopped"),
        host_sets=frozenset(name for name, value in found.items() if value == "host"),
    )


BUCKETS = {"s3": "aws", "gs": "gcp", "https": "azure", "nebius": "nebius", "oci": "oci"}
"""Scheme of a bucket that SkyPilot mounts → the cloud that bills for what leaves it."""

FREE_BUCKETS = frozenset({"r2"})
"""Schemes of buckets that nothing is billed for leaving (Cloudflare R2 has no egress fees)."""
