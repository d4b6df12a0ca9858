"""gpuspec's own job spec: JSONC in the fields of schemas/job.schema.json. Old names of fields are understood."""

import re

from gpuspec.formats.document import Document, Format, OldName, Sent, Source
from gpuspec.job.check import check, valid_part
from gpuspec.job.from_mapping import from_mapping
from gpuspec.job.job import Job
from gpuspec.text import Tree

TELLING = {"gpu_types", "gpu_type", "min_vram", "keep_alive_minutes", "cooldown_minutes"}
"""Top-level fields that no other JSON format has."""
OLD = {
    "project_id", "gpu_type", "cooldown_minutes", "download", "docker_image", "startup", "workspace_size_gb",
    "environment", "hooks", "serverless", "cloud_type", "outputs_enabled",
}  # fmt: skip
"""Fields that are read by their present names, or by the fields they play the part of."""


def recognise(source: Source) -> bool:
    """By the schema it names, or by a field that only job specs have."""
    value = source.jsonc.value
    if isinstance(value, dict) and not TELLING.isdisjoint(value):
        return True
    pattern = r"""["']?\$schema["']?\s*:\s*["'][^"'\r\n]*\bjob\.schema\.json["']"""
    return re.search(pattern, source.jsonc.text[:65_536]) is not None


def job_of(tree: Tree) -> Job | None:
    """The Job of a parsed spec, in present names or old ones; None where it is no object. What is wrong in it is left
    out."""
    value = None if tree.problems else valid_part(tree)
    if value is None:
        return None
    if OLD.isdisjoint(value):
        return from_mapping(value, raw=tree.value)
    from gpuspec.formats.gpu_cli_fields import present

    return from_mapping(*present(value), raw=tree.value)


def read(source: Source) -> tuple[Document, ...]:
    """The one Document of a file."""
    return (Document(source.path, source.jsonc, job_of(source.jsonc), "", FORMAT),)


def sent(document: Document) -> Sent | None:
    """The workdir. What git ignores stays behind unless `include` names it; on the author's own machine it is there
    all the same."""
    job = document.job
    return None if job is None else Sent(job.workdir or ".")


def deprecated(tree: Tree) -> tuple[OldName, ...]:
    """Fields that have a newer name."""
    if not isinstance(tree.value, dict) or OLD.isdisjoint(tree.value):
        return ()
    from gpuspec.formats.old_names import old_names

    return old_names(tree)


FORMAT = Format(
    "gpuspec",
    recognise,
    read,
    mistakes=check,
    deprecated=deprecated,
    sent=sent,
    examples={"readiness": '"readiness": {"http": "{address}", "timeout": 900}'},
    goes_unasked=True,
    in_spec_fields=True,
)
