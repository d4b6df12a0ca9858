"""The kinds of objects that run jobs: one row a kind, with the function that finds the jobs in such an object.

To add a kind: write a function in the file of its family that takes the Resource and gives JobDrafts, and put it in
the table. `pod_jobs(resource, pod_spec)` makes a JobDraft for each container that asks for GPUs; what the kind says
beside the pod is said of each JobDraft with `say(field, value, at)`. Where the object has no pod, make a
`JobDraft(resource, at)` and say everything. An operator that calls its kind as another one does is told by its group:
"group/Kind" goes before "Kind"."""

from collections.abc import Iterable, Mapping
from functools import cache

from gpuspec.formats.kubernetes.at import At
from gpuspec.formats.kubernetes.draft import JobDraft, Reader
from gpuspec.formats.kubernetes.manifest import Resource
from gpuspec.formats.kubernetes.pods import pod_jobs

_NO_JOBS = frozenset(
    {
        "CustomResourceDefinition", "NodePool", "NodeClaim", "EC2NodeClass", "AKSNodeClass", "Provisioner", "Cluster",
        "ClusterPolicy", "ConfigMap", "Secret", "Service", "Kustomization", "ResourceQuota", "LimitRange",
        "ResourceFlavor", "ClusterQueue", "PriorityClass", "RuntimeClass", "HelmRelease", "Application",
        "PodTemplate", "WorkflowTemplate", "ClusterServingRuntime", "ServingRuntime",
    }
)  # fmt: skip
"""Kinds that may speak of GPUs, and run nothing by themselves."""
_TEMPLATES = (
    ("spec", "template", "spec"),
    ("spec", "podTemplate", "spec"),
    ("spec", "podSpec"),
    ("template", "spec"),
)


@cache
def kinds() -> Mapping[str, Reader]:
    """Kind, or "group/Kind" → what finds its jobs."""
    from gpuspec.formats.kubernetes import workloads

    return {**workloads.KINDS}


def jobs_of(resource: Resource) -> Iterable[JobDraft]:
    """The jobs of one object. A kind that is not known is one where a template of a pod stands in it whose containers
    ask for GPUs."""
    table = kinds()
    reader = table.get(f"{resource.group}/{resource.kind}") or table.get(resource.kind)
    if reader is not None:
        return reader(resource)
    return [] if resource.kind in _NO_JOBS else _by_template(resource)


def _by_template(resource: Resource) -> list[JobDraft]:
    for keys in _TEMPLATES:
        spec: At = resource.at.at(*keys)
        if spec.at("containers").value is not None:
            return pod_jobs(resource, spec)
    return []
