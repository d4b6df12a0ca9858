"""The limits a spec sets on what may be rented, and in words why an offer breaks one (None if it does not)."""

from collections.abc import Sequence
from math import prod
from typing import TYPE_CHECKING

from gpuspec.catalog import Catalog, Gpu, Offer
from gpuspec.catalog.clouds import cloud
from gpuspec.job.job import Job
from gpuspec.named_tuple import NamedTuple
from gpuspec.sizing import Fit
from gpuspec.workload.workload import Workload

if TYPE_CHECKING:
    from gpuspec.planning.plan import Candidate

NAMES_OF_LIMITS = (
    "gpu_types", "gpu_count", "min_vram", "memory",
    "clouds", "regions", "cache", "timer", "spot", "ram", "disk", "max_price", "slo", "hosts",
)  # fmt: skip
"""The words of `Candidate.limit`, in the order they are looked at: the first one broken is the reason. An offer that
breaks `hosts`, the last, would be kept but for whose machine it is."""


PROGRAM_GIB = 6.0
"""Host RAM that the system, Python, PyTorch and CUDA's libraries take beside the weights: a machine of 4 GiB (Cudo's
smallest, with an H100 in it) runs nothing that a model needs. Estimated: what a process of PyTorch holds once it has
used the GPU is 3 to 5 GiB."""
UNASKED = {
    "amd": "AMD runs no CUDA",
    "intel": "Intel runs no CUDA",
    "arm": "its machines have Arm CPUs, on which nothing built for x86 runs",
}
"""Kinds of machine → why none is taken that the job does not ask for: images and packages are built for CUDA on x86
where nothing else is said."""


def kind_of(gpu: Gpu) -> str:
    """Its kind as `UNASKED` has it; "nvidia" for what images and packages are built for."""
    return "arm" if gpu.arm_host else gpu.vendor


_IMAGES = (("rocm", "amd"), ("arm64", "arm"), ("aarch64", "arm"))
"""What the name of an image may say → the kind of machine that it is built for."""

Broken = tuple[str, str]
"""(limit, reason): which one an offer breaks, and how, in words for the user."""


class Wanted(NamedTuple):
    """What the spec asks for. `accepted` holds (GPU name, count) pairs, empty where the spec names no GPU;
    `gpu_count` is the count for GPUs not named, `notes` what a person should know about the reading. Where no
    GPU is named, none of a kind in `unasked` is taken."""

    accepted: frozenset[tuple[str, int]]
    gpu_count: int
    named: bool
    notes: tuple[str, ...]
    unasked: frozenset[str] = frozenset(UNASKED)


def wanted(job: Job, workload: Workload, catalog: Catalog) -> Wanted:
    """The GPUs a spec accepts, each with its count. A name that several GPUs share accepts them all."""
    stated = stated_gpus(job, workload)
    count = stated or 1
    each_counted = bool(job.gpu_types) and all(choice.gpu_count for choice in job.gpu_types)
    notes = [] if stated or each_counted else ["no gpu_count and no parallelism given: one GPU"]
    accepted: set[tuple[str, int]] = set()
    image = (job.image or "").lower()
    asked = {kind for word, kind in _IMAGES if word in image}
    for choice in job.gpu_types:
        match = catalog.resolve_gpu(choice.name)
        found = match.accepts
        if match.ambiguous:
            names = ", ".join(gpu.name for gpu in match.ambiguous)
            notes.append(f"{choice.name} may be any of {names}: each is accepted")
        elif match.note:
            notes.append(f"{choice.name} is {match.note}: left out")
        elif not found:
            notes.append(f"nobody knows a GPU called {choice.name}: left out")
        asked.update(kind_of(gpu) for gpu in (match.gpu, *match.ambiguous) if gpu)
        accepted.update((name, choice.gpu_count or match.gpu_count or count) for name in found)
    return Wanted(
        accepted=frozenset(accepted),
        gpu_count=count,
        named=bool(job.gpu_types),
        notes=tuple(notes),
        unasked=frozenset(UNASKED) - asked,
    )


def stated_gpus(job: Job, workload: Workload) -> int | None:
    """GPUs per machine; None where nothing says so."""
    if job.gpu_count:
        return job.gpu_count
    degrees = (workload.tensor_parallel, workload.pipeline_parallel, workload.data_parallel)
    if any(degrees):
        return prod(degree or 1 for degree in degrees)
    return workload.processes or None


def gpus_of_job(job: Job, workload: Workload, catalog: Catalog) -> int | None:
    """GPUs that each machine of a job has; None where it leaves that open, or names several numbers."""
    counts = {count for _, count in wanted(job, workload, catalog).accepted}
    named = counts.pop() if len(counts) == 1 else 1
    return named if named > 1 else stated_gpus(job, workload)


def needs_gpu(job: Job, workload: Workload) -> bool:
    """Whether anything in the job asks for a GPU. Where nothing does, there is nothing to rent."""
    asked = job.gpu_types or job.gpu_count or job.min_vram or job.model
    return bool(asked or workload.model_name or workload.model or workload.engine)


class RentalTerms(NamedTuple):
    """Where and how a job may rent a machine, whatever its GPU. Jobs on the same terms share a list of prices."""

    clouds: frozenset[str] = frozenset()
    """Those that the job names, lower case; empty: any."""
    allowed: frozenset[str] = frozenset()
    """Those that the settings allow; empty: any."""
    regions: tuple[str, ...] = ()
    """Those that the job names; empty: any."""
    allowed_regions: tuple[str, ...] = ()
    """Those that the settings allow; empty: any."""
    spot: str | None = None
    hosts: str = "secure"
    """ "any" where machines of strangers will do, too."""
    community: frozenset[str] = frozenset()
    """Clouds, lower case, whose community machines will do: they were named, and have no others."""
    cache: str = ""
    """See `cache_kind`."""
    accept_no_timer: bool = False
    """Whether clouds will do whose machines cannot take themselves down."""

    def reason(self, name: str, region: str | None) -> Broken | None:
        """Whether a cloud, or a region of it, is ruled out. `spot` decides on prices."""
        if self.clouds and name.lower() not in self.clouds:
            return "clouds", f"{name} is not among the clouds allowed ({', '.join(sorted(self.clouds))})"
        if self.allowed and name.lower() not in self.allowed:
            listed = ", ".join(sorted(self.allowed))
            return "clouds", f"{name} is not among the clouds of the settings ({listed})"
        where = region or "unknown"
        if self.regions and not in_regions(region, self.regions):
            return "regions", f"region {where} is not among {', '.join(self.regions)}"
        if self.allowed_regions and not in_regions(region, self.allowed_regions):
            listed = ", ".join(self.allowed_regions)
            return "regions", f"region {where} is not among the regions of the settings ({listed})"
        known = cloud(name) if self.cache or not self.accept_no_timer else None
        if known is None:  # a cluster of one's own, which SkyPilot can always take down
            return None
        if self.cache == "bucket" and not known.buckets:
            return "cache", f"SkyPilot mounts no buckets on {name}, and `cache` is one"
        if self.cache == "volume" and not known.volumes:
            return "cache", f"SkyPilot knows no volumes on {name}, and `cache` names one"
        if not known.autodown and not self.accept_no_timer:
            return "timer", f"{name} cannot take an idle machine down, so its keep-alive is not guaranteed"
        return None

    def host_reason(self, offer: Offer) -> Broken | None:
        """Whether it matters that the machine is a stranger's."""
        if offer.hosts == "secure" or self.hosts == "any" or offer.cloud.lower() in self.community:
            return None
        return "hosts", "a community machine, which anyone may own (hosts)"


class Places(dict[tuple[str, "str | None"], "Broken | None"]):
    """(cloud, region) → why terms rule it out. A thousand offers stand in a few dozen places: each is looked at once,
    when it is first asked for."""

    def __init__(self, terms: RentalTerms) -> None:
        super().__init__()
        self._terms = terms

    def __missing__(self, place: tuple[str, str | None]) -> Broken | None:
        reason = self[place] = self._terms.reason(*place)
        return reason


def region_names(region: str | None) -> frozenset[str]:
    """What the region of an offer may be called, lower case: "Oslo, NO" by all of it and by each of its parts."""
    written = (region or "").strip().lower()
    return frozenset({written, *(part.strip() for part in written.split(","))} - {""})


def in_regions(region: str | None, regions: Sequence[str]) -> bool:
    """Whether the region of an offer is one of these, in any case of letters; `*` in one stands for anything. None,
    which is not known, is none."""
    names = region_names(region)
    return any(covers(written.strip().lower(), name) for written in regions for name in names)


def covers(pattern: str, name: str) -> bool:
    """Whether a name, lower case, is what a pattern says, in which `*` stands for anything."""
    first, *rest = pattern.split("*")
    if not rest:
        return name == pattern
    if not name.startswith(first):
        return False
    at = len(first)
    for part in rest[:-1]:
        found = name.find(part, at)
        if found < 0:
            return False
        at = found + len(part)
    return name.endswith(rest[-1]) and len(name) - at >= len(rest[-1])


def rental_terms(
    job: Job,
    *,
    known: frozenset[str],
    community: frozenset[str],
    allowed: Sequence[str] = (),
    allowed_regions: Sequence[str] = (),
    accept_no_timer: bool = False,
) -> RentalTerms:
    """The terms of a job. An old file's `provider` counts if it is one of the `known` clouds. `community` are the
    clouds that have only machines of strangers: where `hosts` is not said, naming one asks for them."""
    clouds = frozenset(name.strip().lower() for name in job.clouds)
    if not clouds and job.provider:
        clouds = frozenset({job.provider.strip().lower()} & known)
    named = clouds or frozenset(name.lower() for name in allowed)
    return RentalTerms(
        clouds=clouds,
        allowed=frozenset(name.lower() for name in allowed),
        regions=job.regions,
        allowed_regions=tuple(allowed_regions),
        spot=job.spot,
        hosts=job.hosts or "secure",
        community=named & community if job.hosts is None else frozenset(),
        cache=cache_kind(job),
        accept_no_timer=accept_no_timer,
    )


def gpu_reason(gpu: Gpu, gpu_count: int, want: Wanted, min_vram: float | None) -> Broken | None:
    """Whether the GPU, its count or its memory as the vendor states it (GB) breaks a limit."""
    counts = {count for name, count in want.accepted if name == gpu.name}
    if want.named and not counts:
        return "gpu_types", "not in gpu_types"
    if not want.named and kind_of(gpu) in want.unasked:
        return "gpu_types", f"{UNASKED[kind_of(gpu)]}: name it in gpu_types where the job can use it"
    counts = counts or {want.gpu_count}
    if gpu_count not in counts:
        asked = " or ".join(str(count) for count in sorted(counts))
        return "gpu_count", f"{gpu_count} GPUs, {asked} wanted"
    if min_vram is not None and gpu.vram_gb < min_vram:
        return "min_vram", f"{gpu.vram_gb:g} GB per GPU, min_vram is {min_vram:g} GB"
    return None


def fit_reason(fit: Fit | None, named: bool) -> Broken | None:
    """Whether the job's memory does not fit. Borderline GPUs stay where the author named them (`without_unsure`)."""
    if fit is None or fit.verdict == "fits" or (fit.verdict == "borderline" and named):
        return None
    return _short(fit)


def without_unsure(found: "list[Candidate]") -> "list[Candidate]":
    """Borderline GPUs are not kept where one that surely fits is: GS102 says of them that they may run out of
    memory."""
    if not any(each.kept and each.fit and each.fit.verdict == "fits" for each in found):
        return found
    return [_unsure(each) if each.kept and each.fit else each for each in found]


def _unsure(each: "Candidate") -> "Candidate":
    broken = _short(each.fit) if each.fit and each.fit.verdict == "borderline" else None
    if broken is None:
        return each
    return each._replace(kept=False, limit=broken[0], reason=f"{broken[1]}; another surely fits")


def _short(fit: Fit) -> Broken:
    need = fit.need
    if fit.verdict == "borderline":
        needed = f"may not fit: {need.low:.1f} to {need.high:.1f} GiB needed"
        return "memory", f"{needed}, {fit.usable:.1f} usable; least certain is {fit.decided_by}"
    return "memory", f"does not fit: {need.low:.1f} GiB needed, {fit.usable:.1f} usable"


def machine_reason(offer: Offer, job: Job, loaded: float) -> Broken | None:
    """Whether host RAM (it must hold the weights once, beside the program that loads them) or a disk of fixed size is
    too small. `loaded`: GiB that are read before they stand on the GPUs; 0: not known."""
    if loaded and offer.ram_gib is not None and offer.ram_gib < loaded + PROGRAM_GIB:
        beside = f"{loaded:.1f} GiB of weights to load beside {PROGRAM_GIB:g} for the program"
        return "ram", f"host RAM {offer.ram_gib:g} GiB, {beside}"
    if job.disk_gb is not None and offer.disk_gb is not None and offer.disk_gb < job.disk_gb:
        return "disk", f"disk {offer.disk_gb:g} GB, disk_gb is {job.disk_gb:g}"
    return None


def cache_kind(job: Job) -> str:
    """ "bucket", "volume", or "" for a job without `cache`."""
    return "" if job.cache is None else "bucket" if "://" in job.cache else "volume"
