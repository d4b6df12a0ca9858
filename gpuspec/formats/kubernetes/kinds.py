"""The kinds of objects that run jobs: one row a kind, with the function that finds the jobs in such an object.

To add a kind: write a function in the file of its family that takes the Resource and gives JobDrafts, and put it in
the table. `pod_jobs(resource, pod_spec)` makes a JobDraft for each container that asks for GPUs; what the kind says
beside the pod is said of each JobDraft with `say(field, value, at)`. Where the object has no pod, make a
`JobDraft(resource, at)` and say everything. An operator that calls its kind as another one does is told by its group:
"group/Kind" goes before "Kind"."""

from collections.abc import Iterable, Iterator, Mapping
from functools import cache

from gpuspec.formats.kubernetes.draft import JobDraft, Reader
from gpuspec.formats.kubernetes.manifest import Resource, is_object
from gpuspec.formats.kubernetes.pods import pod_jobs

_NO_JOBS = frozenset(
    {
        "CustomResourceDefinition", "NodePool", "NodeClaim", "EC2NodeClass", "AKSNodeClass", "Provisioner", "Cluster",
        "ClusterPolicy", "ConfigMap", "Secret", "Service", "Kustomization", "ResourceQuota", "LimitRange",
        "ResourceFlavor", "ClusterQueue", "PriorityClass", "RuntimeClass", "HelmRelease", "Application",
        "PodTemplate", "ClusterServingRuntime", "ServingRuntime", "LLMInferenceServiceConfig",
    }
)  # fmt: skip
"""Kinds that may speak of GPUs, and run nothing by themselves."""
_NO_JOBS_END = ("Policy", "NodeClass", "Quota")
_DEEPEST = 12
_MOST_PARTS = 20_000


@cache
def kinds() -> Mapping[str, Reader]:
    """Kind, or "group/Kind" → what finds its jobs."""
    from gpuspec.formats.kubernetes import groups, operators, ray, training, workloads, wrapped_pods

    return {
        **workloads.KINDS,
        **groups.KINDS,
        **training.KINDS,
        **ray.KINDS,
        **wrapped_pods.KINDS,
        **operators.KINDS,
    }


def jobs_of(resource: Resource) -> Iterable[JobDraft]:
    """The jobs of one object. Of a kind that is not known they are those of the pods, and of the objects, that stand
    somewhere in it."""
    table = kinds()
    reader = table.get(f"{resource.group}/{resource.kind}") or table.get(resource.kind)
    if reader is not None:
        return reader(resource)
    if resource.kind in _NO_JOBS or resource.kind.endswith(_NO_JOBS_END):
        return []
    return _inside(resource)


def _inside(resource: Resource) -> Iterator[JobDraft]:
    todo = [(resource.at.at(key), 0) for key in ("template", "spec")]
    done = 0
    while todo and done < _MOST_PARTS:
        at, depth = todo.pop()
        done += 1
        if isinstance(at.value, dict):
            if is_object(at.value):
                yield from jobs_of(resource.inner(at))
                continue
            if isinstance(at.value.get("containers"), list):
                yield from pod_jobs(resource, at)
                continue
            below = [each for _, each in at.members()]
        else:
            below = list(at.elements())
        if depth < _DEEPEST:
            todo += ((each, depth + 1) for each in reversed(below) if isinstance(each.value, (dict, list)))
