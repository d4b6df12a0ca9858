"""Docker compose: a job is a service that asks for GPUs.

https://github.com/compose-spec/compose-spec, November 2026. How one asks for GPUs: `gpus.py`; what it runs:
`command.py`; `${NAME}`: `interpolation.py`; `extends` and `env_file`: `services.py`."""

from itertools import islice

from gpuspec.formats.compose.job import documents
from gpuspec.formats.compose.services import ComposeFile, is_compose
from gpuspec.formats.document import Document, Format, Source
from gpuspec.job.problem import SchemaProblem
from gpuspec.text import Tree

MOST_JOBS = 500


def recognise(source: Source) -> bool:
    """By a map of `services` of which one has what only services have."""
    return any(is_compose(document.value) for document in source.yaml.documents)


def read(source: Source) -> tuple[Document, ...]:
    """The jobs of a file; none where no service asks for a GPU."""
    found: list[Document] = []
    for document in source.yaml.documents:
        if is_compose(document.value):
            project = ComposeFile(source, document.value, document.place)
            found += islice(documents(project, FORMAT), MOST_JOBS - len(found))
    return tuple(found)


def _mistakes(tree: Tree) -> tuple[SchemaProblem, ...]:
    from gpuspec.formats.compose.mistakes import mistakes

    return mistakes(tree)


FORMAT = Format(
    "compose",
    recognise,
    read,
    mistakes=_mistakes,
    no_job="no service in it asks for a GPU",
    own_machine=True,
    shares_machine=lambda document: "",
    cannot_say=frozenset(
        {
            "budget", "cache", "checkpoint", "clouds", "disk_gb", "downloads", "gpu_types", "hosts", "items",
            "keep_alive_minutes", "max_price", "min_vram", "nodes", "outputs", "regions", "scaling.min",
            "schedule", "setup", "slo", "spot", "traffic", "users",
        }
    ),
    spelling={
        "cache": "volumes",
        "env": "environment",
        "gpu_count": "deploy.resources.reservations.devices[].count",
        "gpu_types": "deploy.resources.reservations.devices",
        "readiness": "healthcheck",
        "run": "command",
        "scaling": "deploy.replicas",
        "secrets": "environment",
    },
    examples={
        "readiness": "healthcheck: {test: [CMD, curl, -sf, '{address}'], interval: 10s, start_period: 10m}",
        "secrets": "environment: [HF_TOKEN]",
        "ports.public": "is open on every address of the machine",
        "ports": "publish it to this machine alone: '127.0.0.1:PORT:PORT'",
        "deployment.shm_gb": "shm_size: 16gb, or ipc: host",
        "deployment.mounts": "volumes: [models:/root/.cache/huggingface]",
    },
    takes_files=False,
)  # fmt: skip
