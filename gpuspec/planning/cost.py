"""What a run costs at worst: hours × price + idle tail + download time + disk."""

from __future__ import annotations

from gpuspec.job.job import Job
from gpuspec.planning.plan import Cost, Plan
from gpuspec.sizing import Need, Unsized
from gpuspec.words import HOURS_PER_MONTH

DOWNLOAD_BYTES_PER_SECOND = 100e6
"""From a hub to a cloud machine: 100 MB/s."""

DISK_PER_GB_MONTH = 0.10
"""Dollars. RunPod asks 0.10 for a running container disk, AWS 0.08 for gp3 (list prices, 2025); the worse."""


def download_hours(job: Job, need: Need | Unsized) -> float:
    """Hours to fetch the weights before the work starts; 0 where their size is not known."""
    if isinstance(need, Unsized) or not (job.downloads or job.model):
        return 0.0
    weights = sum(part.expected for part in need.parts if part.name == "weights") * need.gpus
    return weights * 2**30 / DOWNLOAD_BYTES_PER_SECOND / 3600


def time_limit(job: Job, price: float, idle_minutes: float, need: Need | Unsized) -> float | None:
    """Hours after which a run is ended: `budget.max_hours`; else what `budget.max_total` still pays for at
    `price` (the most that may be paid, $/h) once download, idle tail and disk are paid; None: no limit."""
    budget = job.budget
    if budget is None or budget.max_hours is not None or budget.max_total is None:
        return budget.max_hours if budget else None
    hourly = price + _disk_per_hour(job)
    fixed = (idle_minutes / 60 + download_hours(job, need)) * hourly
    return max(0.0, (budget.max_total - fixed) / hourly) if hourly else None


def worst_case(
    job: Job, price: float, *, idle_minutes: float, need: Need | Unsized, hours: float | None
) -> Cost:
    """The most one run can cost at `price` $/h when it is ended after `hours` (None: never)."""
    download = download_hours(job, need)
    idle = idle_minutes / 60
    disk = _disk_per_hour(job) * ((hours or 0.0) + idle + download)
    run = f"no time limit × ${price:.2f}/h: unbounded"
    if hours is not None:
        run = f"{hours:.4g} h × ${price:.2f}/h = ${hours * price:.2f}"
    lines = [("run", run), ("idle", f"{idle_minutes:g} min × ${price:.2f}/h = ${idle * price:.2f}")]
    if download:
        lines.append(("download", f"{download * 60:.3g} min × ${price:.2f}/h = ${download * price:.2f}"))
    if disk:
        lines.append(("disk", f"{job.disk_gb:g} GB at ${DISK_PER_GB_MONTH:.2f} a month per GB = ${disk:.2f}"))
    total = None if hours is None else (hours + idle + download) * price + disk
    return Cost(
        hours=hours,
        run=None if hours is None else hours * price,
        idle=idle * price,
        download=download * price,
        disk=disk,
        total=total,
        lines=tuple(lines),
    )


def cost_at(price: float, job: Job, plan: Plan) -> Cost:
    """The worst case of a plan on a machine at another price ($/h)."""
    return worst_case(job, price, idle_minutes=plan.keep_alive_minutes, need=plan.need, hours=plan.max_hours)


def _disk_per_hour(job: Job) -> float:
    return (job.disk_gb or 0.0) * DISK_PER_GB_MONTH / HOURS_PER_MONTH
