"""What is written to another tool's file: a Job with what was worked out for it, whatever that tool is."""

import os
import re
from collections.abc import Iterator
from urllib.parse import urlsplit

from gpuspec.catalog import Gpu, Offer
from gpuspec.engines import engine_of
from gpuspec.export.model_command import with_model, without_placeholders
from gpuspec.export.script import script_text
from gpuspec.job import Job
from gpuspec.launch.skypilot.task import task_name
from gpuspec.named_tuple import NamedTuple
from gpuspec.planning.case import Case

DEFAULT_IMAGE = "pytorch/pytorch:2.8.0-cuda12.8-cudnn9-runtime"
"""For a job that names no image, where a container must have one: Python, PyTorch and CUDA 12.8 (Docker Hub)."""
WORKSPACE = "/workspace"
"""Where a container has the job's files, where the job says that it has some."""
CACHE = "/cache"
"""Where it has the job's `cache`."""


class Volume(NamedTuple):
    """Storage that a container sees at `path`; whether it outlives the container. `name` is fit for any tool."""

    name: str
    path: str
    lasts: bool


class Outgoing(NamedTuple):
    """One job on its way out. `offer` is what the plan would rent, None where there is nothing to rent; `gpu` is what
    it has, or the one that the job names. `script` is bash: downloads, setup and `run`."""

    job: Job
    name: str
    """Fit for any tool: small letters, digits and dashes, at most 30."""
    script: str
    serves: bool
    """It answers, or somebody works at it: it ends when it is told to."""
    gpu: Gpu | None
    gpu_count: int
    nodes: int
    offer: Offer | None
    ports: tuple[int, ...]
    health: tuple[str, int] | None
    """(path, port) that answers when it is up."""
    has_workspace: bool
    volumes: tuple[Volume, ...]
    notes: tuple[str, ...]
    """What every tool lacks, or what somebody has to look at; in words."""

    @property
    def image(self) -> str:
        """The job's own, else one that has Python and CUDA."""
        return self.job.image or DEFAULT_IMAGE

    @property
    def cloud(self) -> str:
        """Where the plan would rent, or the first that the job names; "" for anywhere."""
        return self.offer.cloud if self.offer else next((name.lower() for name in self.job.clouds), "")

    @property
    def hours(self) -> float | None:
        """The time limit of one run."""
        return self.job.budget.max_hours if self.job.budget else None

    @property
    def shares_memory(self) -> bool:
        """Whether several of its processes hand on data through /dev/shm: GPUs that work together, data loaders."""
        said = self.job.deployment is not None and self.job.deployment.shm_gb is not None
        return said or self.gpu_count > 1 or self.job.task == "train"


def outgoing(case: Case) -> Outgoing:
    """The job of a case, with its plan."""
    job = case.job if case.job.task else case.job._replace(task=case.workload.task)
    job = with_model(without_placeholders(job), case)
    if job.name is None and case.path != "-":
        job = job._replace(name=os.path.basename(case.path).partition(".")[0] or None)
    choice = case.plan.choice
    gpu = choice.gpu if choice else _named_gpu(case)
    count = choice.offer.gpu_count if choice else _count(case)
    ports = tuple(port.port for port in job.ports) or _usual_port(case)
    return Outgoing(
        job=job,
        name=task_name(job),
        script=script_text(job),
        serves=job.task in ("serve", "interactive") or (job.task is None and job.scaling is not None),
        gpu=gpu,
        gpu_count=count,
        nodes=job.nodes or 1,
        offer=choice.offer if choice else None,
        ports=ports,
        health=_health(job, ports, case),
        has_workspace=brings_files(case),
        volumes=tuple(_volumes(job)),
        notes=tuple(_notes(job, case)),
    )


def brings_files(case: Case) -> bool:
    """Whether what lies beside the file goes along to where the job runs."""
    return case.job.workdir is not None or case.document.format.takes_files


def reachable(out: Outgoing) -> Outgoing:
    """The same for a container with an address of its own: a server that was told to listen on 127.0.0.1 is told
    0.0.0.0, since nobody would reach it there. Who may reach the container is said beside it."""
    run = _LOOPBACK.sub(r"\g<1>0.0.0.0", out.job.run or "")
    if not out.serves or run == (out.job.run or ""):
        return out
    job = out.job._replace(run=run)
    note = "--host 127.0.0.1 is 0.0.0.0 here: in a container nobody else reaches 127.0.0.1"
    return out._replace(job=job, script=script_text(job), notes=(*out.notes, note))


_LOOPBACK = re.compile(r"(--host[ =])(?:127\.0\.0\.1|localhost)(?![\w.-])")


def _volumes(job: Job) -> Iterator[Volume]:
    """What the file mounts; else the `cache`. The machine's own clock, sockets and memory are none."""
    mounts = job.deployment.mounts if job.deployment else ()
    taken: set[str] = set()
    for mount in mounts:
        if (
            mount.path.startswith(("/dev/", "/etc/", "/sys/", "/proc/", "/run/", "/var/run/"))
            or mount.path in taken
        ):
            continue
        name = re.sub("[^a-z0-9]+", "-", mount.path.lower()).strip("-")[-30:].strip("-") or "volume"
        yield Volume(f"{name}-{len(taken)}" if name in taken else name, mount.path, mount.lasts is not False)
        taken |= {mount.path, name}
    if job.cache and not any(mount.lasts for mount in mounts):
        yield Volume("cache", CACHE, True)


def _named_gpu(case: Case) -> Gpu | None:
    return next(
        (choice.gpu for choice in case.choices), None
    )  # of a shared name, the one that the plan takes


def _count(case: Case) -> int:
    named = (gpu.gpu_count or case.catalog.resolve_gpu(gpu.name).gpu_count for gpu in case.job.gpu_types)
    return next((count for count in named if count), None) or case.job.gpu_count or 1


def _usual_port(case: Case) -> tuple[int, ...]:
    server = engine_of(case.workload.engine).server
    if case.workload.task != "serve" or server is None:
        return ()
    return (server.image_port if case.job.image and server.image_port else server.port,)


def _health(job: Job, ports: tuple[int, ...], case: Case) -> tuple[str, int] | None:
    if job.readiness and job.readiness.http:
        parts = urlsplit(job.readiness.http)
        try:
            port = parts.port or (443 if parts.scheme == "https" else 80)
        except ValueError:
            return None
        return parts.path + (f"?{parts.query}" if parts.query else "") or "/", port
    server = engine_of(case.workload.engine).server
    known = server is not None and server.health and case.workload.task == "serve" and not job.readiness
    return (server.health, ports[0]) if known and server and ports else None


def nothing_looks(job: Job) -> Iterator[str]:
    """For tools that do not look how much GPUs are used."""
    if job.min_utilization:
        yield f"min_utilization: nothing looks whether the GPUs are used {job.min_utilization.gpu:g} %"


def _notes(job: Job, case: Case) -> Iterator[str]:
    if job.run != without_placeholders(case.job).run:
        yield f"run: {case.document.format.name} tells the engine its model by itself; here the command does"
    if job.outputs:
        yield f"outputs ({', '.join(job.outputs)}) are not fetched: copy them, or write to storage that lasts"
    if job.items is not None:
        yield "items are done one after the other, and nothing notes which are done: `gpuspec run --resume` does"
    if job.budget and job.budget.max_total is not None:
        yield f"budget.max_total: nothing ends it at ${job.budget.max_total:g}"
    if job.checkpoint and job.checkpoint.path and "://" not in job.checkpoint.path:
        yield f"checkpoint.path {job.checkpoint.path} must lie on storage that outlives the machine"
    if job.readiness and job.readiness.command:
        yield "readiness.command is run inside, by the tool's own check where it has one"
    if job.include:
        yield f"include: {', '.join(job.include)}"
    if job.hosts == "any":
        yield "hosts: community machines"
    if job.regions and not case.regions:
        yield f"regions: {', '.join(job.regions)}"
