"""What a run costs at worst: the time that is billed × price, disk, and what leaves another cloud's bucket, each once
for every machine of the job."""

import math

from gpuspec.catalog import Offer
from gpuspec.catalog.cloud_costs import BUCKETS, FREE_BUCKETS, CloudCosts, cloud_costs
from gpuspec.catalog.clouds import cloud
from gpuspec.job.job import Job
from gpuspec.named_tuple import NamedTuple
from gpuspec.planning.limits import cache_kind
from gpuspec.planning.plan import Candidate, Cost, Plan
from gpuspec.sizing import Need, Unsized
from gpuspec.words import HOURS_PER_MONTH

DOWNLOAD_BYTES_PER_SECOND = 100e6
"""From a hub to a cloud machine: 100 MB/s."""

UPLOAD_MINUTES = 60
"""How long a job waits at its end, after its time limit, for what it wrote to reach the bucket of its `cache`."""

DISK_UNKNOWN = 0.20
"""Dollars a GB and month where a cloud's price is not known: the most that any of the known ones asks."""

DISK_USUAL = 0.10
"""Dollars a GB and month on a cloud that SkyPilot does not rent from, in a price list of one's own: RunPod's and
GCP's price, and near AWS's."""

DISK_DEFAULT_GB = 256
"""SkyPilot's disk where `disk_gb` is not given (skypilot 0.14.1 sky/resources.py)."""

HOUR = 3600.0
_GB_PER_GIB = 2**30 / 1e9
_ROUNDING = 1e-6
"""Of a billing step: what floats add to a whole number of them is not the beginning of another."""


def machines(job: Job) -> int:
    """Machines of a run: each of them is paid for."""
    return job.nodes or 1


def exceeds(amount: float | None, limit: float | None) -> bool:
    """Whether dollars, in all or per hour, are more than a limit; False where either is not known. Both are shown and
    suggested in cents, so what rounds to the limit keeps it."""
    return amount is not None and limit is not None and amount > limit + 0.005


def highest_price(choice: Candidate, job: Job) -> float:
    """The most that may be paid, $/h: `max_price`, or what the choice costs where that is more."""
    return max(choice.price, job.max_price or 0.0)


def download_hours(job: Job, need: Need | Unsized) -> float:
    """Hours to fetch the weights before the work starts; 0 where their size is not known."""
    if isinstance(need, Unsized) or not (job.downloads or job.model):
        return 0.0
    return need.weights * 2**30 / DOWNLOAD_BYTES_PER_SECOND / HOUR


def upload_hours(job: Job) -> float:
    """Hours that a job may wait for its cache's bucket after its time limit."""
    return UPLOAD_MINUTES / 60 if cache_kind(job) == "bucket" else 0.0


class Terms(NamedTuple):
    """What a run pays on one offer beside the price of an hour. Hours are those that are billed."""

    step: float
    """Hours: a step that has begun is paid for; 0 bills to the moment."""
    minimum: float
    """Hours that are paid for at least."""
    disk: float
    """Dollars an hour."""
    once: float
    """Dollars for what leaves the bucket of another cloud."""

    def billed(self, hours: float) -> float:
        """The hours that are paid for when a machine is up for so many."""
        hours = max(hours, self.minimum)
        return math.ceil(hours / self.step - _ROUNDING) * self.step if self.step else hours

    def paid_for(self, dollars: float, price: float) -> float:
        """The hours a machine may be up for so many dollars at a price ($/h); 0 where not even the least is paid for;
        infinite where an hour costs nothing."""
        if not price + self.disk:
            return math.inf
        hours = max(0.0, dollars - self.once) / (price + self.disk)
        if self.step:
            hours = math.floor(hours / self.step + _ROUNDING) * self.step
        return hours if hours >= self.minimum else 0.0


def terms(job: Job, need: Need | Unsized, offer: Offer) -> Terms:
    """On a machine of one's own nothing but its price is paid. What is not known of a cloud counts as the dearest:
    whole hours, and the disk of the dearest cloud. A cloud that SkyPilot does not rent from, in a price list of one's
    own, bills to the moment, and for a disk what is usual."""
    if offer.owned:
        return Terms(0.0, 0.0, 0.0, 0.0)
    costs = cloud_costs(offer.cloud, offer.instance)
    step = costs.billing_step
    if step is None:
        step = HOUR if cloud(offer.cloud) else 0.0
    size = _disk_gb(job, offer)
    month = costs.disk_per_month(size)
    if month is None:
        month = size * (DISK_UNKNOWN if cloud(offer.cloud) else DISK_USUAL)
    return Terms(
        step=step / HOUR,
        minimum=(costs.billing_minimum or 0.0) / HOUR,
        disk=month / HOURS_PER_MONTH,
        once=_from_bucket(job, need, offer)[0],
    )


def tail_hours(job: Job, idle_minutes: float, need: Need | Unsized) -> float:
    """Hours that a machine is up beside its time limit: download before it, upload and idle minutes after it."""
    return idle_minutes / 60 + download_hours(job, need) + upload_hours(job)


def time_limit(
    job: Job, price: float, idle_minutes: float, need: Need | Unsized, offer: Offer
) -> float | None:
    """Hours after which a run is ended: `budget.max_hours`; else what `budget.max_total` still pays for at
    `price` (the most that may be paid, $/h) beside all else that is paid; None: no limit."""
    budget = job.budget
    if budget is None or budget.max_hours is not None or budget.max_total is None:
        return budget.max_hours if budget else None
    hours = terms(job, need, offer).paid_for(budget.max_total / machines(job), price)
    return max(0.0, hours - tail_hours(job, idle_minutes, need)) if hours < math.inf else None


def total_at(job: Job, plan: Plan, candidate: Candidate) -> float | None:
    """The most that a run of a plan can cost on a candidate when it is ended after `max_hours` (None: never)."""
    if plan.max_hours is None:
        return None
    paid = terms(job, plan.need, candidate.offer)
    hours = plan.max_hours + tail_hours(job, plan.keep_alive_minutes, plan.need)
    return machines(job) * (paid.billed(hours) * (candidate.price + paid.disk) + paid.once)


def affordable_price(job: Job, plan: Plan, candidate: Candidate) -> float:
    """The most $/h at which `budget.max_total` pays for the time limit on the candidate's cloud."""
    cap = job.budget.max_total if job.budget else None
    if cap is None or plan.max_hours is None:
        return math.inf
    paid = terms(job, plan.need, candidate.offer)
    hours = paid.billed(plan.max_hours + tail_hours(job, plan.keep_alive_minutes, plan.need))
    return max(0.0, (cap / machines(job) - paid.once) / hours - paid.disk) if hours else math.inf


def cost_at(job: Job, plan: Plan, candidate: Candidate) -> Cost:
    """`total_at` with its parts and its arithmetic."""
    offer, hours, many = candidate.offer, plan.max_hours, machines(job)
    paid, price = terms(job, plan.need, offer), many * candidate.price
    idle, download = plan.keep_alive_minutes / 60, download_hours(job, plan.need)
    upload = upload_hours(job)
    span = (hours or 0.0) + idle + download + upload
    billed = paid.billed(span)
    rate = f"${candidate.price:.2f}/h"
    if many > 1:
        rate = f"{many} machines × {rate}"
    run = f"no time limit × {rate}: unbounded"
    if hours is not None:
        run = f"{hours:.4g} h × {rate} = ${hours * price:.2f}"
    lines = [("run", run), ("idle", f"{idle * 60:g} min × {rate} = ${idle * price:.2f}")]
    if download:
        lines.append(("download", f"{download * 60:.3g} min × {rate} = ${download * price:.2f}"))
    if upload:
        waits = f"up to {upload * 60:g} min for the cache to reach its bucket"
        lines.append(("upload", f"{waits} × {rate} = ${upload * price:.2f}"))
    started = (billed - span) * price if hours is not None else 0.0
    if started >= 0.005:
        lines.append(("billing", _billing(offer, paid, span, started)))
    disk = many * paid.disk * (span if hours is None else billed)
    if disk:
        lines.append(("disk", _disk(job, offer, disk)))
    if paid.once:
        each = f"{many} times: " if many > 1 else ""
        lines.append(("cache", each + _from_bucket(job, plan.need, offer)[1]))
    return Cost(
        hours=hours,
        run=None if hours is None else hours * price,
        idle=idle * price,
        download=download * price,
        upload=upload * price,
        billing=started,
        disk=disk,
        cache=many * paid.once,
        total=total_at(job, plan, candidate),
        lines=tuple(lines),
        not_counted=_not_counted(job, plan, candidate),
        candidate=candidate,
    )


def _disk_gb(job: Job, offer: Offer) -> float:
    """The disk that the machine gets; 0 where it is not SkyPilot's to make and none is asked for."""
    if job.disk_gb is not None:
        return job.disk_gb
    return DISK_DEFAULT_GB if cloud(offer.cloud) else 0.0


def _billing(offer: Offer, paid: Terms, span: float, started: float) -> str:
    seconds = round(paid.step * HOUR)
    steps = {3600: "whole hours", 60: "whole minutes", 1: "whole seconds"}
    what = steps.get(seconds, f"{seconds / 60:g} minutes at a time")
    if span < paid.minimum:
        what = f"at least {paid.minimum * 60:g} minutes"
    known = cloud_costs(offer.cloud, offer.instance).billing_step is not None
    who = offer.cloud if known else f"how {offer.cloud} bills is not known"
    return f"{what} ({who}), {span:.4g} h count as {paid.billed(span):.4g} h = ${started:.2f}"


def _disk(job: Job, offer: Offer, dollars: float) -> str:
    costs, size = cloud_costs(offer.cloud, offer.instance), _disk_gb(job, offer)
    gigabytes = f"{size:g} GB" + ", SkyPilot's default," * (job.disk_gb is None)
    if costs.disk_sizes:
        return f"{gigabytes} for ${costs.disk_per_month(size):.2f} a month = ${dollars:.2f}"
    if costs.disk is not None:
        return f"{gigabytes} at ${costs.disk:.2f} a month per GB = ${dollars:.2f}"
    if not cloud(offer.cloud):
        return f"{gigabytes} at ${DISK_USUAL:.2f} a month per GB = ${dollars:.2f}"
    whose = f"what {offer.cloud} asks is not known"
    if "disk" in costs.host_sets:
        whose = f"each host of {offer.cloud} sets its own"
    return (
        f"{gigabytes} at ${DISK_UNKNOWN:.2f} a month per GB = ${dollars:.2f} ({whose}: the dearest cloud's)"
    )


def _from_bucket(job: Job, need: Need | Unsized, offer: Offer) -> tuple[float, str]:
    """(dollars, arithmetic) for the weights that leave a cache's bucket for another cloud; 0 where that is free, or
    not known."""
    source = _bucket_cloud(job, offer)
    price = cloud_costs(source).egress if source else None
    if not price or isinstance(need, Unsized):
        return 0.0, ""
    size = need.weights * _GB_PER_GIB
    return size * price, f"{size:.3g} GB of weights leave {source} at ${price:.2f} a GB = ${size * price:.2f}"


def _bucket_cloud(job: Job, offer: Offer) -> str:
    """The other cloud that bills for what leaves the bucket of a job's cache; "" where none does."""
    if cache_kind(job) != "bucket" or not job.cache:
        return ""
    scheme = job.cache.partition("://")[0]
    source = "" if scheme in FREE_BUCKETS else BUCKETS.get(scheme, scheme)
    return "" if source == offer.cloud else source


def _not_counted(job: Job, plan: Plan, candidate: Candidate) -> tuple[str, ...]:
    """What may be billed on top, whose amount is not known."""
    offer = candidate.offer
    if offer.owned:
        return ()
    costs, found = cloud_costs(offer.cloud, offer.instance), []
    if "egress" in costs.host_sets:
        found.append(f"each host of {offer.cloud} sets a price for what comes in and goes out")
    elif job.outputs and costs.egress != 0:
        found.append(_egress(offer.cloud, costs, "outputs"))
    source = _bucket_cloud(job, offer)
    if source and (isinstance(plan.need, Unsized) or cloud_costs(source).egress is None):
        found.append(_egress(source, cloud_costs(source), "what is read from the cache"))
    for scheme in dict.fromkeys(each.strategy for each in job.downloads if each.strategy in BUCKETS):
        if scheme in ("s3", "gs") and BUCKETS[scheme] != offer.cloud:
            source = BUCKETS[scheme]
            found.append(_egress(source, cloud_costs(source), f"what is downloaded from {scheme}://"))
    known = cloud(offer.cloud)
    if known and not known.autodown:
        stays = f"a machine of {offer.cloud} costs ${candidate.price:.2f}/h until someone takes it down"
        found.append(stays + "; shutting it down ends no bill" * (costs.stopped == "all"))
    return tuple(found)


def _egress(name: str, costs: CloudCosts, what: str) -> str:
    if costs.egress is None:
        return f"what a GB that leaves {name} costs is not known ({what})"
    free = f" beyond {costs.egress_free:,.0f} GB a month" if costs.egress_free else ""
    return f"${costs.egress:.3g} a GB that leaves {name}{free}; the size of {what} is not known"
