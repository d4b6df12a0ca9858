"""KubeRay's kinds: RayCluster, RayJob, RayService. https://docs.ray.io/en/latest/cluster/kubernetes/"""

from collections.abc import Iterator, Mapping

from gpuspec.formats.command import of_scalar
from gpuspec.formats.kubernetes.at import At
from gpuspec.formats.kubernetes.draft import JobDraft, Reader
from gpuspec.formats.kubernetes.gpus import GpusAsked
from gpuspec.formats.kubernetes.manifest import Resource
from gpuspec.formats.kubernetes.nodes import GPU_NAMES
from gpuspec.formats.kubernetes.pods import gpu_containers, pod_job
from gpuspec.formats.kubernetes.ray_serve import served
from gpuspec.formats.kubernetes.workloads import deadline, ends, keeps_running, retries, suspended
from gpuspec.named_tuple import NamedTuple


class Group(NamedTuple):
    """Ray nodes that are alike and have GPUs. `pods` is how many, None where the file does not say."""

    at: At
    spec: At
    container: At
    asked: GpusAsked
    pods: int | None
    said: At


def ray_cluster(resource: Resource) -> list[JobDraft]:
    """A RayCluster: machines, for whatever is sent to them."""
    return [_of_group(resource, group) for group in _groups(resource, resource.spec)]


def ray_job(resource: Resource) -> list[JobDraft]:
    """A RayJob: a cluster and what is run on it."""
    drafts = [_of_group(resource, group) for group in _groups(resource, resource.spec.at("rayClusterSpec"))]
    entry = resource.spec.at("entrypoint")
    for draft in drafts:
        if entry.text:
            draft.run(of_scalar(resource.manifest.tree, entry.value, entry.place), entry)
        deadline(draft, resource.spec)
        ends(draft)
        retries(draft, resource.spec.at("backoffLimit"))
        suspended(draft, resource.spec)
    return drafts


def ray_service(resource: Resource) -> list[JobDraft]:
    """A RayService: a cluster that serves applications. Where these are LLMs of Ray Serve, each is a job."""
    config = (
        "rayClusterConfig" if resource.spec.at("rayClusterConfig").value is not None else "rayClusterSpec"
    )
    drafts = []
    for group in _groups(resource, resource.spec.at(config)):
        draft = _of_group(resource, group)
        draft.unsay("run")
        draft.unsay("nodes")
        _copies(draft, group)
        keeps_running(draft)
        drafts.append(draft)
    return served(resource, drafts)


def _groups(resource: Resource, cluster: At) -> list[Group]:
    """The groups that have GPUs; a head with as many GPUs as the workers is one of them."""
    groups = (group for each in cluster.at("workerGroupSpecs").elements() for group in _group(resource, each))
    workers = _alike(list(groups))
    head = list(_group(resource, cluster.at("headGroupSpec"), head=True))
    if not workers or not head:
        return workers or head
    alike = [each for each in workers if each.asked.number == head[0].asked.number]
    if not alike:
        return head + workers
    first = alike[0]
    joined = first._replace(pods=None if first.pods is None else first.pods + 1)
    return [joined if each is first else each for each in workers]


def _alike(groups: list[Group]) -> list[Group]:
    """Groups with as many GPUs of the same kind are one; only where they come from differs (spot, reserved)."""
    joined: list[Group] = []
    for group in groups:
        labels = group.spec.at("nodeSelector")
        kind = [group.asked.number, *(labels.at(key).value for key in GPU_NAMES)]
        for number, each in enumerate(joined):
            same = each.spec.at("nodeSelector")
            if kind == [each.asked.number, *(same.at(key).value for key in GPU_NAMES)]:
                pods = None if None in (each.pods, group.pods) else (each.pods or 0) + (group.pods or 0)
                joined[number] = each._replace(pods=pods)
                break
        else:
            joined.append(group)
    return joined


def _group(resource: Resource, at: At, *, head: bool = False) -> Iterator[Group]:
    spec = at.at("template", "spec")
    for container, wanted in gpu_containers(spec, resource.manifest)[:1]:
        replicas, hosts = at.at("replicas"), at.at("numOfHosts")
        number = 1 if head else replicas.whole if replicas.value is not None else None
        each = hosts.whole if hosts.value is not None else 1
        yield Group(at, spec, container, wanted, number and (each or 1) * number, at if head else replicas)


def _of_group(resource: Resource, group: Group) -> JobDraft:
    draft = pod_job(resource, group.spec, group.container, group.asked)
    draft.unsay("run")  # KubeRay puts `ray start` in its place
    draft.unsay("readiness")
    draft.cannot_say.add("readiness")
    draft.at = group.at
    draft.places[""] = group.at.place
    if group.pods:
        draft.say("nodes", group.pods, group.said)
    return draft


def _copies(draft: JobDraft, group: Group) -> None:
    least, most, now = (group.at.at(key) for key in ("minReplicas", "maxReplicas", "replicas"))
    if least.whole is not None or most.whole is not None:
        draft.scale(least.whole, None, least)
        draft.scale(None, most.whole, most)
    elif now.whole is not None:
        draft.scale(now.whole, now.whole, now)


KINDS: Mapping[str, Reader] = {"RayCluster": ray_cluster, "RayJob": ray_job, "RayService": ray_service}
