"""What files of orchestrators (Kubernetes, compose, dstack, …) say of a job beside what a job spec can: facts that
the rules GS8 ask about. Formats fill it; a job spec in JSONC has none."""

from collections.abc import Mapping
from typing import Any, Literal

from gpuspec.named_tuple import NamedTuple

Restarts = Literal["always", "on-failure", "never"]


class Mount(NamedTuple):
    """A folder of the container that lies elsewhere. `lasts`: whether what is written there is still there for the
    next container of the job (a volume, a folder of the host, a bucket: True; memory, a pod's own disk: False)."""

    path: str
    lasts: bool | None = None
    source: str | None = None
    pointer: str = ""


class DeploymentSpec(NamedTuple):
    """How a job is deployed. None: the file does not say."""

    kind: str | None = None
    """The format's own word for what it is: Deployment, Job, InferenceService, service, dev-environment, …"""
    shm_gb: float | None = None
    """Size of /dev/shm in GiB; infinite where it is the machine's own, or has no limit but the memory."""
    mounts: tuple[Mount, ...] = ()
    restarts: Restarts | None = None
    retries: int | None = None
    """How often it is begun again after it failed."""
    liveness_seconds: float | None = None
    """Seconds after the start at which a container that has not answered its liveness probe yet is killed."""
    startup_seconds: float | None = None
    """Likewise with its startup probe, before which no other is asked."""
    gpu_requests: int | None = None
    gpu_limits: int | None = None
    """GPUs as written under the container's requests and limits."""
    gpu_devices: tuple[str, ...] = ()
    """The machine's GPUs that are named one by one: numbers or UUIDs."""
    first_gpus: bool | None = None
    """Whether it gets the first of the machine's GPUs, so many as it asks for, and others that do get the same."""
    scaled_by: tuple[str, ...] = ()
    """Metrics by which an autoscaler of the same file adds replicas: "cpu", "memory", or a name."""
    model_name: str | None = None
    """The name of the model that a gateway or a client of the same file asks the server for."""
    instance_type: str | None = None
    packs_replicas: bool | None = None
    """Whether several replicas of its server share the GPUs of one container."""
    host_network: bool | None = None
    """Whether its ports are those of the machine, without being named."""
    own_address: bool | None = None
    """Whether whoever asks for its ports comes from outside, to an address that no other container has: what listens
    on 127.0.0.1 there is not reached."""
    asked_ports: tuple[tuple[int, str], ...] | None = None
    """Its ports that something in the same file leads others to, and where that stands; None where its own `ports`
    say so."""
    awaited: Literal["", "started", "healthy"] | None = None
    """What others in the same file wait for before they start themselves: that it has started, or is healthy; "":
    nobody waits."""
    slice_gb: float | None = None
    """Memory of the slice of a GPU (MIG) that is asked for: each is a device of its own."""
    grace_seconds: float | None = None
    """Seconds between being asked to end and being killed."""
    drains: bool | None = None
    """Whether something runs before it is asked to end, so that no request is lost: Kubernetes' preStop."""
    disk_goes: bool | None = None
    """Whether the machine's own disk goes by itself once the job is over."""
    suspended: bool | None = None
    """Whether it does not run as long as nobody says so: `suspend: true`, no replicas."""
    stands: bool | None = None
    """Whether its machines are up from when it is made until somebody takes it down, whatever they do: a pool."""
    labels: Mapping[str, str] = {}
    """Labels of what it is deployed as, which a bill groups by; the Job's own labels go to the machine."""


def deployment_of(value: Mapping[str, Any], place: str) -> DeploymentSpec:
    """The deployment of a mapping in these names; `place` is where the list of its mounts stands."""
    parts = {name: value[name] for name in DeploymentSpec._fields if value.get(name) is not None}
    for name in ("gpu_devices", "scaled_by"):
        if name in parts:
            parts[name] = tuple(parts[name])
    if "asked_ports" in parts:
        parts["asked_ports"] = tuple((port, pointer) for port, pointer in parts["asked_ports"])
    parts["mounts"] = tuple(
        Mount(mount["path"], mount.get("lasts"), mount.get("source"), mount.get("pointer", place))
        for mount in parts.get("mounts", ())
    )
    return DeploymentSpec(**parts)
