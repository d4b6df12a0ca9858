"""The limits a spec sets on what may be rented, and in words why an offer breaks one ("" if it does not)."""

from collections.abc import Sequence
from typing import NamedTuple

from gpuspec.catalog import Catalog, Gpu, Offer
from gpuspec.catalog.clouds import cloud
from gpuspec.job.job import Job
from gpuspec.sizing import Fit, Need, Unsized
from gpuspec.workload.workload import Workload

NAMES_OF_LIMITS = (
    "gpu_types", "gpu_count", "min_vram", "memory",
    "clouds", "regions", "cache", "timer", "spot", "ram", "disk", "max_price",
)  # fmt: skip
"""The words of `Candidate.limit`, in the order they are looked at: the first one broken is the reason."""


class Wanted(NamedTuple):
    """What the spec asks for. `accepted` holds (GPU name, count) pairs, empty where the spec names no GPU;
    `gpu_count` is the count for GPUs not named, `notes` what a person should know about the reading."""

    accepted: frozenset[tuple[str, int]]
    gpu_count: int
    named: bool
    notes: tuple[str, ...]


def wanted(job: Job, workload: Workload, catalog: Catalog) -> Wanted:
    """The GPUs a spec accepts, each with its count. A name that several GPUs share accepts them all."""
    count, said = _gpu_count(job, workload)
    notes = [] if said else ["no gpu_count and no parallelism given: one GPU"]
    accepted: set[tuple[str, int]] = set()
    for choice in job.gpu_types:
        match = catalog.resolve_gpu(choice.name)
        found = match.accepts
        if match.ambiguous:
            names = ", ".join(gpu.name for gpu in match.ambiguous)
            notes.append(f"{choice.name} may be any of {names}: each is accepted")
        elif not found:
            notes.append(f"nobody knows a GPU called {choice.name}: left out")
        accepted.update((name, choice.gpu_count or match.gpu_count or count) for name in found)
    if job.gpu_types and all(choice.gpu_count for choice in job.gpu_types):
        notes = [note for note in notes if not note.startswith("no gpu_count")]
    return Wanted(frozenset(accepted), count, bool(job.gpu_types), tuple(notes))


def _gpu_count(job: Job, workload: Workload) -> tuple[int, bool]:
    """(GPUs per machine, whether anything said so)."""
    if job.gpu_count:
        return job.gpu_count, True
    degrees = (workload.tensor_parallel, workload.pipeline_parallel, workload.data_parallel)
    if any(degrees):
        product = 1
        for degree in degrees:
            product *= degree or 1
        return product, True
    if workload.processes:
        return workload.processes, True
    return 1, False


def needs_gpu(job: Job, workload: Workload) -> bool:
    """Whether anything in the job asks for a GPU. Where nothing does, there is nothing to rent."""
    asked = job.gpu_types or job.gpu_count or job.min_vram or job.model
    return bool(asked or workload.model_name or workload.model or workload.engine)


def allowed_clouds(job: Job, known: frozenset[str]) -> frozenset[str]:
    """The clouds a job may use, lower case; empty means any. An old file's `provider` counts if it is one."""
    if job.clouds:
        return frozenset(cloud.strip().lower() for cloud in job.clouds)
    provider = (job.provider or "").strip().lower()
    return frozenset({provider} & known)


def place_reason(offer: Offer, clouds: frozenset[str], regions: Sequence[str]) -> tuple[str, str]:
    """(limit, reason) for where the offer is."""
    if clouds and offer.cloud.lower() not in clouds:
        return "clouds", f"{offer.cloud} is not among the clouds allowed ({', '.join(sorted(clouds))})"
    if regions:
        written = (offer.region or "").lower()
        names = {written, *(part.strip() for part in written.split(","))}
        if not names & {region.strip().lower() for region in regions}:
            return "regions", f"region {offer.region or 'unknown'} is not among {', '.join(regions)}"
    return "", ""


def gpu_reason(offer: Offer, gpu: Gpu, want: Wanted, min_vram: float | None) -> tuple[str, str]:
    """(limit, reason) for the GPU, its count and its memory as the vendor states it (GB)."""
    if want.named and not any(name == offer.gpu for name, _ in want.accepted):
        return "gpu_types", "not in gpu_types"
    counts = {count for name, count in want.accepted if name == offer.gpu} or {want.gpu_count}
    if offer.gpu_count not in counts:
        asked = " or ".join(str(count) for count in sorted(counts))
        return "gpu_count", f"{offer.gpu_count} GPUs, {asked} wanted"
    if min_vram is not None and gpu.vram_gb < min_vram:
        return "min_vram", f"{gpu.vram_gb:g} GB per GPU, min_vram is {min_vram:g} GB"
    return "", ""


def fit_reason(fit: Fit | None, named: bool) -> tuple[str, str]:
    """(limit, reason) for memory. A borderline GPU stays where the author named it: their call."""
    if fit is None or fit.verdict == "fits" or (fit.verdict == "borderline" and named):
        return "", ""
    need = fit.need
    if fit.verdict == "borderline":
        amount = f"may not fit: {need.low:.1f} to {need.high:.1f} GiB needed"
    else:
        amount = f"does not fit: {need.low:.1f} GiB needed"
    return "memory", f"{amount}, {fit.usable:.1f} usable; {fit.part} decides"


def machine_reason(offer: Offer, job: Job, need: Need | Unsized) -> tuple[str, str]:
    """(limit, reason) for host RAM (must hold the weights once, to load them) and a disk of fixed size."""
    if isinstance(need, Need) and offer.ram_gib is not None:
        weights = sum(part.expected for part in need.parts if part.name == "weights") * need.gpus
        if offer.ram_gib < weights:
            return "ram", f"host RAM {offer.ram_gib:g} GiB, {weights:.1f} GiB of weights to load"
    if job.disk_gb is not None and offer.disk_gb is not None and offer.disk_gb < job.disk_gb:
        return "disk", f"disk {offer.disk_gb:g} GB, disk_gb is {job.disk_gb:g}"
    return "", ""


def price_reason(price: float, max_price: float | None) -> tuple[str, str]:
    """(limit, reason) for dollars per hour of the whole machine."""
    if max_price is not None and price > max_price + 1e-9:
        return "max_price", f"${price:.2f}/h, max_price is ${max_price:.2f}/h"
    return "", ""


def cache_kind(job: Job) -> str:
    """ "bucket", "volume", or "" for a job without `cache`."""
    return "" if job.cache is None else "bucket" if "://" in job.cache else "volume"


def cache_reason(offer: Offer, kind: str) -> tuple[str, str]:
    """(limit, reason) for clouds where SkyPilot cannot mount a `cache` of that kind."""
    known = cloud(offer.cloud) if kind else None
    if known and kind == "bucket" and not known.buckets:
        return "cache", f"SkyPilot mounts no buckets on {offer.cloud}, and `cache` is one"
    if known and kind == "volume" and not known.volumes:
        return "cache", f"SkyPilot knows no volumes on {offer.cloud}, and `cache` names one"
    return "", ""


def takes_itself_down(name: str) -> bool:
    """Whether SkyPilot can make a machine there go away by itself; a cluster of one's own it always can."""
    known = cloud(name)
    return known is None or known.autodown


def timer_reason(offer: Offer) -> tuple[str, str]:
    """(limit, reason) for clouds whose machines cannot take themselves down."""
    if not takes_itself_down(offer.cloud):
        return "timer", f"{offer.cloud} cannot take an idle machine down, so its keep-alive is not guaranteed"
    return "", ""
