"""What a run costs at worst: hours × price + idle tail + download time + disk."""

from __future__ import annotations

from gpuspec.catalog import Offer
from gpuspec.job.job import Job
from gpuspec.planning.plan import Candidate, Cost, Plan
from gpuspec.sizing import Need, Unsized
from gpuspec.words import HOURS_PER_MONTH

DOWNLOAD_BYTES_PER_SECOND = 100e6
"""From a hub to a cloud machine: 100 MB/s."""

DISK_PER_GB_MONTH = 0.10
"""Dollars. RunPod asks 0.10 for a running container disk, AWS 0.08 for gp3 (list prices, 2025); the worse."""


def exceeds(amount: float | None, limit: float | None) -> bool:
    """Whether dollars, in all or per hour, are more than a limit; False where either is not known. Both are shown and
    suggested in cents, so what rounds to the limit keeps it."""
    return amount is not None and limit is not None and amount > limit + 0.005


def highest_price(choice: Candidate, job: Job) -> float:
    """The most that may be paid, $/h: `max_price`, or what the choice costs where that is more."""
    return max(choice.price, job.max_price or 0.0)


def billed_job(job: Job, offer: Offer) -> Job:
    """The job as one pays for it on an offer: the disk of a machine of one's own costs nothing."""
    return job._replace(disk_gb=None) if offer.owned else job


def download_hours(job: Job, need: Need | Unsized) -> float:
    """Hours to fetch the weights before the work starts; 0 where their size is not known."""
    if isinstance(need, Unsized) or not (job.downloads or job.model):
        return 0.0
    return need.weights * 2**30 / DOWNLOAD_BYTES_PER_SECOND / 3600


def time_limit(job: Job, price: float, idle_minutes: float, need: Need | Unsized) -> float | None:
    """Hours after which a run is ended: `budget.max_hours`; else what `budget.max_total` still pays for at
    `price` (the most that may be paid, $/h) once download, idle tail and disk are paid; None: no limit."""
    budget = job.budget
    if budget is None or budget.max_hours is not None or budget.max_total is None:
        return budget.max_hours if budget else None
    hourly = price + _disk_per_hour(job)
    fixed = (idle_minutes / 60 + download_hours(job, need)) * hourly
    return max(0.0, (budget.max_total - fixed) / hourly) if hourly else None


def cost_at(job: Job, plan: Plan, candidate: Candidate) -> Cost:
    """The most that a run of a plan can cost on a candidate when it is ended after `max_hours` (None: never)."""
    job, price, hours = billed_job(job, candidate.offer), candidate.price, plan.max_hours
    idle_minutes = plan.keep_alive_minutes
    download = download_hours(job, plan.need)
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


def _disk_per_hour(job: Job) -> float:
    return (job.disk_gb or 0.0) * DISK_PER_GB_MONTH / HOURS_PER_MONTH
