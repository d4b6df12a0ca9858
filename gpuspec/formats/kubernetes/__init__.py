"""Kubernetes manifests: a job is a container that asks for GPUs, in whatever kind of object it stands.

Which kinds there are: `kinds.py`. What a container says: `container.py`, its GPUs: `gpus.py`; its pod: `pods.py`."""

from gpuspec.formats.document import Document, Format, Source
from gpuspec.formats.kubernetes.kinds import jobs_of
from gpuspec.formats.kubernetes.manifest import Manifest, is_object

MOST_JOBS = 500


def recognise(source: Source) -> bool:
    """By `apiVersion` and `kind` at the top of a document, both strings."""
    return any(is_object(document.value) for document in source.yaml.documents)


def read(source: Source) -> tuple[Document, ...]:
    """The jobs of a file; none where nothing in it asks for a GPU."""
    manifest = Manifest(source.path, source.yaml)
    found: list[Document] = []
    for resource in manifest.resources:
        found += (draft.document(FORMAT) for draft in jobs_of(resource))
        if len(found) >= MOST_JOBS:
            break
    return tuple(found[:MOST_JOBS])


def _pod_of(document: Document) -> str | None:
    """The place of its pod, whose containers run on one node."""
    return document.place.rpartition("/containers/")[0] or None


FORMAT = Format(
    "kubernetes",
    recognise,
    read,
    no_job="no container in it asks for a GPU",
    shares_machine=_pod_of,
    cannot_say=frozenset(
        {
            "budget.max_total", "checkpoint", "disk_gb", "downloads", "hosts", "keep_alive_minutes", "max_price",
            "min_vram", "outputs", "schedule", "slo", "traffic", "users",
        }
    ),
    spelling={
        "budget.max_hours": "activeDeadlineSeconds",
        "clouds": "nodeSelector",
        "gpu_count": "resources.limits.nvidia.com/gpu",
        "gpu_types": "nodeSelector",
        "ports": "containerPort",
        "readiness": "readinessProbe",
        "run": "command",
        "scaling.max": "maxReplicas",
        "schedule.runs_per_month": "schedule",
        "scaling.min": "minReplicas",
        "secrets": "secretKeyRef",
    },
    examples={
        "ports.public": "is what a load balancer leads to from outside the cluster",
        "ports": "`type: ClusterIP` leaves it inside the cluster",
        "readiness": "readinessProbe: {httpGet: {path: /health, port: 8000}}",
        "budget.max_hours": "activeDeadlineSeconds: 86400",
        "deployment.shm_gb": "mount an emptyDir with `medium: Memory` and a sizeLimit of some Gi at /dev/shm",
        "deployment.mounts": "mount a claim (persistentVolumeClaim) where the hub's cache is (HF_HOME)",
        "scaling.min": "an autoscaler that goes to zero (KEDA, Knative, minReplicas: 0) where nights are quiet",
        "secrets": "env: [{name: HF_TOKEN, valueFrom: {secretKeyRef: {name: hf-token, key: token}}}]",
        "deployment.startup_seconds": (
            "startupProbe: {httpGet: {path: {path}, port: {port}}, periodSeconds: 10, failureThreshold: {tens}}"
        ),
    },
    takes_files=False,
    container_ends=True,
    disk_holds_image=False,
    env_reference="$(NAME)",
)  # fmt: skip
