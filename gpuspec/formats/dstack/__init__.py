"""dstack's configurations: https://dstack.ai/docs/reference/dstack.yml; read by dstack 0.22.5's own models
(dstack/_internal/core/models/configurations.py, profiles.py, resources.py), 2026-11-30.

Tasks, services and dev environments run something; fleets, volumes and gateways hold no job. A run's machines go
5 minutes after it unless the fleet that they are of says otherwise, so what idles is a dev environment that nobody
leaves."""

import re
from collections.abc import Sequence
from typing import Any

from gpuspec.formats.document import Document, Format, Sent, Source
from gpuspec.job.problem import SchemaProblem
from gpuspec.text import Edit, Tree

RUNS = ("task", "service", "dev-environment")
TYPES = frozenset({*RUNS, "fleet", "volume", "gateway", "preset"})
_TELLING = frozenset(
    {
        "resources", "commands", "ide", "init", "nodes", "replicas", "scaling", "python", "nvcc", "spot_policy",
        "backend", "backends", "region", "regions", "instance_types", "max_duration", "stop_duration",
        "inactivity_duration", "idle_duration", "max_price", "creation_policy", "termination_policy",
        "utilization_policy", "retry", "retry_policy", "ssh_config", "placement", "blocks", "domain", "size",
        "volume_id", "home_dir", "registry_auth", "working_dir", "repos", "gateway", "strip_prefix", "probes",
        "rate_limits", "groups", "fleets", "availability_zones", "reservation", "stop_criteria", "startup_order",
        "model", "port", "ports", "env", "image",
    }
)  # fmt: skip
"""Keys of dstack's; beside a `type` of dstack's nothing else has them."""
_MAY_BE = re.compile(
    rb"(?:^|\xef\xbb\xbf|[{,\s])[\"']?type[\"']?[ \t]*:[ \t]*[\"']?"
    rb"(?:task|service|dev-environment|fleet|volume|gateway|preset)\b"
)


def is_dstack(value: Any) -> bool:
    """Whether a document is a configuration: its `type` is one of dstack's, beside a key of dstack's."""
    if not isinstance(value, dict) or not isinstance(value.get("type"), str):
        return False
    return value["type"] in TYPES and not _TELLING.isdisjoint(value)


def recognise(source: Source) -> bool:
    """By a document of it; a file holds one, or several after `---`."""
    if not _MAY_BE.search(source.data):
        return False
    return any(is_dstack(document.value) for document in source.yaml.documents)


def read(source: Source) -> tuple[Document, ...]:
    """A Document for each run, and for each group of one, that asks for a GPU."""
    from gpuspec.formats.dstack.runs import documents_of

    file = source.yaml
    found: list[Document] = []
    for number, one in enumerate(file.documents):
        if is_dstack(one.value) and one.value["type"] in RUNS:
            head = f"doc:{number}#" if len(file.documents) > 1 else ""
            shape = ENVIRONMENT if one.value["type"] == "dev-environment" else FORMAT
            found += documents_of(source.path, file.tree, one.value, place=one.place, head=head, shape=shape)
    if not found and (
        file.tree.duplicates or file.tree.problems or _mistakes(file.tree)
    ):  # what is wrong with the text is said all the same
        found.append(Document(source.path, file.tree, None, "", FORMAT, called="/"))
    return tuple(found)


_SPELLING = {
    "gpu_types": "resources.gpu",
    "gpu_count": "resources.gpu",
    "min_vram": "resources.gpu",
    "budget.max_hours": "max_duration",
    "spot": "spot_policy",
    "clouds": "backends",
    "disk_gb": "resources.disk",
    "deployment.shm_gb": "resources.shm_size",
    "keep_alive_minutes": "idle_duration",
    "readiness": "probes",
    "scaling": "replicas",
    "schedule.runs_per_month": "schedule.cron",
    "secrets": "env",
    "run": "commands",
}


def _written(document: Document, edit: Edit) -> Sequence[Edit]:
    from gpuspec.formats.dstack.edits import written

    return written(document, edit)


def _sent(document: Document) -> Sent | None:
    """Nothing, since 0.20, unless `repos` or `files` say so; an image may hold files of its own."""
    job = document.job
    if job is None or job.image or any(job.raw.get(field) for field in ("repos", "files", "docker")):
        return None
    return Sent(None, how="`files: [.]` or `repos: [.]`")


def _mistakes(tree: Tree) -> tuple[SchemaProblem, ...]:
    from gpuspec.formats.dstack.mistakes import mistakes

    return mistakes(tree, is_dstack)


FORMAT = Format(
    "dstack",
    recognise,
    read,
    mistakes=_mistakes,
    no_job="no `gpu` stands under `resources`",
    written=_written,
    sent=_sent,
    cannot_say=frozenset(
        {
            "budget.max_total",
            "checkpoint",
            "deployment.shm_gb",
            "downloads",
            "gpu_types.form",
            "hosts",
            "items",
            "outputs",
            "readiness",
            "setup",
        }
    ),
    # Of shm_size its documentation does not say what is there without it; probes are young (2025), and a service of
    # one replica has nothing to wait for.
    spelling=_SPELLING,
    examples={
        "budget.max_hours": "`max_duration: 24h`",
        "keep_alive_minutes": "`idle_duration: 5m`",
        "readiness": "`probes: [{type: http, url: /health}]`",
        "secrets": "`env: [HF_TOKEN]`",
        "spot": "`spot_policy: auto`",
        "max_price": "`max_price: 2.5`",
        "scaling.min": "`replicas: 0..2` with `scaling: {metric: rps, target: 5}` where nights are quiet",
        "deployment.mounts": "`volumes: [{name: cache, path: /root/.cache/huggingface}]`",
    },
    takes_files=False,
)
ENVIRONMENT = FORMAT._replace(
    spelling=_SPELLING | {"keep_alive_minutes": "inactivity_duration", "run": "init"},
    examples={**FORMAT.examples, "keep_alive_minutes": "`inactivity_duration: 2h`"},
)
"""For dev environments, which run until somebody leaves them."""
