"""GPU CLI's gpu.jsonc: JSONC in GPU CLI's names, some of which were once the job spec's own.

https://gpu-cli.sh/docs/configuration (read 2026-11-30). Its launcher rents the first GPU of the list that is free,
keeps secrets of its own, and ends a machine by its cooldown alone."""

from typing import Any

from gpuspec.formats.document import Document, Format, OldName, Source
from gpuspec.formats.job_spec import TELLING, job_of, sent
from gpuspec.formats.old_names import old_names
from gpuspec.job.check import check
from gpuspec.text import Tree

OWN = (
    "project_id", "startup", "download", "docker_image", "workspace_size_gb", "environment", "hooks", "cloud_type",
)  # fmt: skip
"""What GPU CLI calls these today; the others are old names to GPU CLI, too."""

_BESIDE = TELLING | {"project_id", "startup", "run", "environment"}
"""Other files name a provider, too: one of models, say."""


def is_gpu_cli(value: Any) -> bool:
    """Whether a document is written for GPU CLI: by its `$schema`, or by a `provider` beside what a job has."""
    if not isinstance(value, dict):
        return False
    schema = value.get("$schema")
    if isinstance(schema, str) and "gpu-cli" in schema:
        return True
    return "provider" in value and not _BESIDE.isdisjoint(value)


def recognise(source: Source) -> bool:
    """By what only GPU CLI's files have."""
    return is_gpu_cli(source.jsonc.value)


def read(source: Source) -> tuple[Document, ...]:
    """The one Document of a file."""
    return (Document(source.path, source.jsonc, job_of(source.jsonc), "", FORMAT),)


def deprecated(tree: Tree) -> tuple[OldName, ...]:
    """Old names that are no names of GPU CLI's: to rename its own would break the file there."""
    return tuple(entry for entry in old_names(tree) if entry.old.split(".")[0] not in OWN)


FORMAT = Format(
    "gpu-cli",
    recognise,
    read,
    mistakes=check,
    deprecated=deprecated,
    sent=sent,
    cannot_say=frozenset({"budget", "clouds", "hosts", "items", "secrets", "spot"}),
    spelling={"downloads": "download", "readiness": "hooks.readiness", "setup.once": "only_once"},
    examples={
        "readiness": '"hooks": {"readiness": {"type": "command", "run": ["curl", "-sf", "{address}"], '
        '"retry_count": 180, "retry_delay_secs": 5}}'
    },
    takes_first=True,
    goes_unasked=True,
    disk_holds_image=False,
    repeats_setup=True,
    in_spec_fields=True,
)
