"""SkyPilot's task YAML: https://docs.skypilot.co/en/latest/reference/yaml-spec.html; read by skypilot 0.14.1's own
sky/utils/schemas.py, sky/task.py, sky/resources.py and sky/serve/service_spec.py, 2026-11-30.

`sky launch` keeps the cluster until its autostop; `sky jobs launch`, services and pools take machines down by
themselves. One file may hold a chain of tasks, in documents of which the first may only name them."""

import re
from collections.abc import Sequence
from typing import Any

from gpuspec.formats.document import Document, Format, Sent, Source
from gpuspec.job.problem import SchemaProblem
from gpuspec.text import Edit, Tree

KEYS = frozenset(
    {
        "name", "workdir", "event_callback", "num_nodes", "resources", "file_mounts", "service", "pool", "setup",
        "run", "envs", "secrets", "managed_secrets", "inputs", "outputs", "file_mounts_mapping", "config",
        "volumes", "volume_mounts", "api_server_access", "experimental", "_metadata",
    }
)  # fmt: skip
"""What a task may have, now or in releases before."""
HEADER = frozenset({"name", "execution", "primary_tasks", "termination_delay", "inter_connection"})
"""What the document before the tasks of a pipeline or a job group may have."""
_TELLING = frozenset(
    {
        "accelerators", "gpus", "infra", "cloud", "any_of", "ordered", "use_spot", "instance_type", "autostop",
        "job_recovery", "spot_recovery", "disk_tier", "image_id", "accelerator_args",
    }
)  # fmt: skip
"""Fields of `resources` that nothing else has beside only keys of a task."""
_MAY_BE = re.compile(rb"(?m)^[{ ]*[\"']?(?:run|setup|resources)[\"']?\s*:")


def is_task(value: Any) -> bool:
    """Whether a document is a task: it has keys of tasks alone, and machines or commands in SkyPilot's shape. Beside
    both a key or two may be misspelt."""
    if not isinstance(value, dict) or not value:
        return False
    resources = value.get("resources")
    telling = isinstance(resources, dict) and not _TELLING.isdisjoint(resources)
    if not value.keys() <= KEYS:
        return telling and _is_misspelt(value)
    if telling:
        return True
    return isinstance(value.get("run"), str) or isinstance(value.get("setup"), str)


def _is_misspelt(value: dict[Any, Any]) -> bool:
    """Whether all keys that no task has are plainly some that tasks have."""
    other = value.keys() - KEYS
    if len(other) > 2 or len(value.keys() & KEYS) < 2 or not all(isinstance(key, str) for key in other):
        return False
    from gpuspec.formats.refused import nearest

    return all(nearest(key, KEYS - value.keys()) for key in other)


def is_header(value: Any) -> bool:
    """Whether a document only names the tasks that follow."""
    return isinstance(value, dict) and "name" in value and value.keys() <= HEADER


def recognise(source: Source) -> bool:
    """By its documents: at least one task, and beside tasks no more than a header."""
    if not _MAY_BE.search(source.data):
        return False
    documents = source.yaml.documents
    values = [document.value for document in documents if document.problem is None]
    tasks = sum(map(is_task, values))
    return tasks > 0 and tasks + sum(map(is_header, values[:1])) == len(values)


def read(source: Source) -> tuple[Document, ...]:
    """A Document for each task that asks for a GPU."""
    from gpuspec.formats.skypilot.tasks import document_of

    file = source.yaml
    tasks = [(number, one) for number, one in enumerate(file.documents) if is_task(one.value)]
    found = []
    for number, one in tasks:
        called = f"doc:{number}#/" if len(file.documents) > 1 else "/"
        document = document_of(
            source.path,
            file.tree,
            one.value,
            place=one.place,
            called=called,
            alone=len(tasks) == 1,
            shapes=(FORMAT, ORDERED),
        )
        if document is not None:
            found.append(document)
    if not found and (
        file.tree.duplicates or file.tree.problems or _mistakes(file.tree)
    ):  # what is wrong with the text is said all the same
        found.append(Document(source.path, file.tree, None, "", FORMAT, called="/"))
    return tuple(found)


def _written(document: Document, edit: Edit) -> Sequence[Edit]:
    from gpuspec.formats.skypilot.edits import written

    return written(document, edit)


def _sent(document: Document) -> Sent | None:
    from gpuspec.formats.skypilot.sent import sent

    return sent(document)


def _mistakes(tree: Tree) -> tuple[SchemaProblem, ...]:
    from gpuspec.formats.skypilot.mistakes import mistakes

    return mistakes(tree, is_task, KEYS)


FORMAT = Format(
    "skypilot",
    recognise,
    read,
    mistakes=_mistakes,
    no_job="no `accelerators` stand under `resources`",
    written=_written,
    sent=_sent,
    cannot_say=frozenset(
        {
            "budget", "checkpoint", "deployment.shm_gb", "downloads", "gpu_types.form", "hosts", "items",
            "max_price", "outputs",
        }
    ),
    spelling={
        "gpu_types": "resources.accelerators",
        "gpu_count": "resources.accelerators",
        "nodes": "num_nodes",
        "spot": "resources.use_spot",
        "clouds": "resources.infra",
        "regions": "resources.infra",
        "disk_gb": "resources.disk_size",
        "image": "resources.image_id",
        "ports": "resources.ports",
        "max_price": "resources.max_hourly_cost",
        "keep_alive_minutes": "resources.autostop",
        "readiness": "service.readiness_probe",
        "scaling": "service.replica_policy",
        "env": "envs",
    },
    examples={
        "keep_alive_minutes": "`resources: {autostop: {idle_minutes: 10, down: true}}`",
        "readiness": "`service: {readiness_probe: {path: /health, initial_delay_seconds: 900}}`",
        "spot": "`resources: {use_spot: true}`",
        "secrets": "`secrets: {HF_TOKEN: null}` and `--secret HF_TOKEN`",
        "scaling.min": "`replica_policy: {min_replicas: 0, max_replicas: 2}` where nights are quiet",
        "deployment.mounts": "`file_mounts: {/models: s3://BUCKET/FOLDER}`, and serve from /models",
        "deployment.startup_seconds": "`readiness_probe: {initial_delay_seconds: {seconds}}`",
    },
    takes_files=False,
    replaces_unready=True,
)  # fmt: skip
ORDERED = FORMAT._replace(takes_first=True)
"""For tasks whose machines are tried in their order."""
