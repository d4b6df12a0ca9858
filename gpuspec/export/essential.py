"""What jobs of other tools cannot do without, and a rented machine does not have: by the key under which it stands.

From the tools' own references (Kubernetes API 1.34, compose-spec, SkyPilot 0.14.1, dstack 0.22, Slurm's sbatch), read
2026-11-30."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

from gpuspec.formats import Document

Reason = str | Callable[[Any], str]
"""What is missing without a part of the file; or a function that tells it from the part, "" for what may go."""


def _volume(volume: Any) -> str:
    """A volume of a pod, or several."""
    if isinstance(volume, list):
        return next((why for each in volume if (why := _volume(each))), "")
    kinds = {key for key in volume if key != "name"} if isinstance(volume, dict) else set()
    named = {
        "persistentVolumeClaim": "the files of a volume claim",
        "configMap": "the files of a ConfigMap",
        "secret": "the files of a Secret",
        "hostPath": "a folder of the node",
        "nfs": "files on NFS",
        "csi": "a volume of the cluster",
        "ephemeral": "",
        "emptyDir": "",
        "downwardAPI": "",
    }
    return next((named.get(kind, "a volume of the cluster") for kind in sorted(kinds)), "")


def _value_from(source: Any) -> str:
    """`valueFrom` of a variable: a key of a Secret is among the secrets, unless nobody has read it."""
    if isinstance(source, dict) and "configMapKeyRef" in source:
        return "a value of a ConfigMap"
    return "a value that the cluster gives"


def _containers(value: Any) -> str:
    """A container, or a part of one that is not read, such as its own security context."""
    whole = isinstance(value, dict) and ("image" in value or "command" in value)
    return "another container of the same pod" if whole or isinstance(value, list) else ""


def _bind(mount: Any) -> str:
    """A mount of a compose service: caches fill again, what lies on the author's disk does not come along."""
    if isinstance(mount, list):
        return next((why for each in mount if (why := _bind(each))), "")
    source = str(mount.get("source") or "") if isinstance(mount, dict) else str(mount).split(":")[0]
    own = ("/dev/shm", "/etc/localtime", "/etc/timezone")
    if source in own or re.search("(?i)cache|hugging|hf_home|ollama", str(mount)):
        return ""
    return "a folder of this machine" if source[:1] in (".", "/", "~", "$") else "a volume of this machine"


_GPU_DEVICE = re.compile("(?i)nvidia|/dev/kfd|/dev/dri|infiniband|fuse")


def _times(number: Any) -> str:
    """`completions` of a Job."""
    return f"{number} runs of it" if isinstance(number, int) and number > 1 else ""


def _depends(value: Any) -> str:
    return "another service, which it waits for" if value else ""


OF_FORMAT: dict[str, dict[str, Reason]] = {
    "gpu-cli": {
        "shutdown": "what runs before the machine stops",
        "extra_outputs": "what is brought back from outside the workspace",
        "network_volume_id": "the files of a network volume",
        "volume_mode": lambda mode: "" if mode == "none" else "a volume that keeps the workspace",
        "storage_mode": lambda mode: "" if mode == "built-in" else "a volume that keeps the workspace",
        "encryption": lambda wanted: "encryption of the workspace" if wanted else "",
        "persistent_proxy": lambda wanted: "a start at the first request after a stop" if wanted else "",
        "inputs": "what the template asks its user for",
        "serverless": "its second deployment, on workers that scale",
    },
    "kubernetes": {
        "volumes": _volume,
        "initContainers": lambda value: "what runs before it in the same pod" if _containers(value) else "",
        "containers": _containers,
        "envFrom": "variables of a ConfigMap or Secret",
        "valueFrom": _value_from,
        "completions": _times,
        "volumeClaimTemplates": "a volume of its own",
        "serviceAccountName": "an account of the cluster, and what that may read",
        "serviceAccount": "an account of the cluster, and what that may read",
        "imagePullSecrets": "the login of a private registry",
        "hostAliases": "names of other machines",
        "lifecycle": "what runs beside it once it has started, or before it ends",
        "workingDir": "the folder of its image in which it starts",
        "nfs": "files on NFS",
    },
    "compose": {
        "depends_on": _depends,
        "links": _depends,
        "volumes": _bind,
        "volumes_from": "the volumes of another container",
        "build": "an image that is built here, which no registry has",
        "env_file": "variables of a file",
        "secrets": "files of keys that compose puts into the container",
        "extra_hosts": "names of other machines",
        "working_dir": "the folder of its image in which it starts",
        "post_start": "what runs beside it once it has started",
        "pre_stop": "what runs before it stops",
        "models": "a model that compose runs beside it",
        "devices": lambda devices: "" if _GPU_DEVICE.search(str(devices)) else "a device of this machine",
        "configs": "files that compose puts into the container",
        "network_mode": lambda value: (
            "the network of another container" if str(value).startswith(("service:", "container:")) else ""
        ),
    },
    "skypilot": {
        "file_mounts": "files that are copied or mounted",
        "storage_mounts": "buckets that are mounted",
        "volumes": "volumes that are mounted",
        "file_mounts_mapping": "files that are copied or mounted",
        "pool": "a pool of workers",
        "infra": "machines of its own, or of one place for each GPU",
        "cloud": "machines of its own, or of one place for each GPU",
        "workdir": "a repository that is cloned",
        "config": "settings of its SkyPilot",
        "experimental": "settings of its SkyPilot",
    },
    "dstack": {
        "volumes": "volumes that are mounted",
        "files": "files that are copied",
        "repos": "a repository that is cloned",
        "repo": "a repository that is cloned",
        "registry_auth": "the login of a private registry",
        "groups": "several groups of replicas",
        "docker": "a Docker daemon inside",
        "fleets": "machines of a fleet",
        "reservation": "a reservation of machines",
        "working_dir": "the folder in which it starts",
    },
}  # fmt: skip
"""Format → key → what is missing without what stands under it."""

BY_CALL = {
    "modal": "Python functions, which Modal calls: `run` is how they are read, and starts none of them"
}
"""Formats whose jobs are no commands."""
_TOOL = (
    (r"^[ \t]*(?:module|ml)[ \t]+(?:load|purge|use|add|restore)\b", "environment modules of the site"),
    (r"^[ \t]*spack[ \t]+load\b", "Spack packages of the site"),
    (r"\b(?:srun|mpirun|prun)\b(?=[ \t])", "steps that Slurm or MPI starts on each machine"),
    (r"\$\{?SLURM_\w+", "variables that Slurm sets"),
    (r"\$\{?DSTACK_\w+", "variables that dstack sets"),
    (r"\$\{\{[^\n]*?\}\}", "values that its tool puts in"),
    (r"--nnodes \$\{KAITO_NODES\}", "as many machines as KAITO works out"),
    (
        r"\$\{?(?:JOB_COMPLETION_INDEX|LWS_\w+|KAITO_(?!NODES\b)\w+|KUBERNETES_\w+)",
        "variables that the cluster sets",
    ),
)
"""What a command uses that is of the place where it was written to run."""


_OPTIONS = {
    "--dependency": "the jobs that it waits for",
    "--chdir": "the folder in which it starts",
    "--container-mounts": "folders of the site",
    "--container-workdir": "the folder of its image in which it starts",
    "--container": "a container of the site",
    "--export-file": "variables of a file",
    "--bb": "a burst buffer",
    "--bbf": "a burst buffer",
    "--uenv": "an environment of the site",
}
"""Options of a batch script that another machine does not have."""


def of_commands(document: Document) -> Iterator[str]:
    """What the commands of a job use that another tool does not have, in words with an example."""
    job = document.job
    if job is None or document.format.in_spec_fields:
        return
    if document.format.name in BY_CALL:
        yield BY_CALL[document.format.name]
    if document.format.name == "kubernetes" and not job.image:
        yield "the image, which its operator chooses"
    if any("/initContainers/" in step.pointer for step in job.steps):
        yield "what its init containers do in images of their own, which is `setup` here"
    for option, what in _OPTIONS.items():
        if document.format.name == "sbatch" and option in job.raw:
            yield f"{what} ({option})"
    text = "\n".join((*job.setup, job.run or ""))
    for form, what in _TOOL:
        found = re.search(form, text, re.M)
        if found:
            yield f"{what} ({found[0].strip()})"
    if job.scaling and job.scaling.replicas[1] > 1 and "batch" in (job.task, job.usual_task):
        yield f"{job.scaling.replicas[1]} of it at once"
    if (job.nodes or 1) > 1 and document.format.name != "skypilot":
        yield f"{job.nodes} machines that find each other, as {document.format.name} starts them"
