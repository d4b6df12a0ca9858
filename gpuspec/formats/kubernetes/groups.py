"""Several pods that do one job together: JobSet, LeaderWorkerSet, Volcano's Job and any kind that has roles."""

from collections.abc import Mapping, Sequence

from gpuspec.formats.kubernetes.at import At
from gpuspec.formats.kubernetes.draft import MOST_COPIES, JobDraft, Reader
from gpuspec.formats.kubernetes.manifest import Resource
from gpuspec.formats.kubernetes.pods import gpu_containers, pod_job
from gpuspec.formats.kubernetes.scalers import scaled_by
from gpuspec.formats.kubernetes.workloads import copies, deadline, ends, keeps_running, retries, suspended
from gpuspec.named_tuple import NamedTuple


class Role(NamedTuple):
    """Pods of a group that are alike. `pods` is how many, None where the file does not say; `said` is where."""

    spec: At
    pods: int | None
    said: At


def role(at: At, replicas: At, *keys: str) -> Role:
    """A role whose number of pods stands at `replicas` (1 where it does not); its pod's spec is below `at`."""
    return Role(
        at.at(*(keys or ("template", "spec"))), 1 if replicas.value is None else replicas.whole, replicas
    )


def group_job(
    resource: Resource, at: At, roles: Sequence[Role], *, leads: At | None = None
) -> list[JobDraft]:
    """One job of all roles that have GPUs: as many nodes as they have pods. Its commands are those of the first
    such role, or of `leads`: the container that starts the others. `at` is the place of the job."""
    found = [
        (each, *container) for each in roles for container in gpu_containers(each.spec, resource.manifest)[:1]
    ]
    if not found:
        return []
    first, container, wanted = found[0]
    draft = pod_job(resource, first.spec, container, wanted, runs=leads)
    draft.at = at
    draft.places[""] = at.place
    number = [each.pods for each, _, _ in found]
    total = None if None in number else sum(filter(None, number))
    if total is not None and 0 < total <= MOST_COPIES:
        said = next((each.said for each, _, _ in found if each.said.value is not None), first.said)
        draft.say("nodes", total, said)
    return [draft]


def leader_worker_set(resource: Resource) -> list[JobDraft]:
    """https://lws.sigs.k8s.io/docs/reference/leaderworkerset.v1/: a group is a leader and `size` - 1 workers; where
    there is no template for the leader, the workers' is taken."""
    at = resource.spec.at("leaderWorkerTemplate")
    size, leader, worker = at.at("size"), at.at("leaderTemplate", "spec"), at.at("workerTemplate", "spec")
    pods = 1 if size.value is None else size.whole
    if leader.value is None:
        roles = [Role(worker, pods, size)]
    else:
        roles = [Role(leader, 1, size)]
        if pods is None or pods > 1:
            roles.append(Role(worker, None if pods is None else pods - 1, size))
    leads = next(leader.at("containers").elements(), None)
    without = leads is not None and not gpu_containers(leader, resource.manifest)
    drafts = group_job(resource, at, roles, leads=leads if without else None)
    for draft in drafts:
        copies(draft, resource.spec.at("replicas"))
        scaled_by(draft)
        keeps_running(draft)
        if pods:
            draft.know({"LWS_GROUP_SIZE": str(pods)})
    return drafts


def job_set(resource: Resource) -> list[JobDraft]:
    """https://jobset.sigs.k8s.io/docs/reference/jobset.v1alpha2/: replicated Jobs, each of `parallelism` pods."""
    jobs = list(resource.spec.at("replicatedJobs").elements())
    roles = []
    for each in jobs:
        spec = each.at("template", "spec")
        replicas, parallelism = each.at("replicas"), spec.at("parallelism")
        pods = [1 if at.value is None else at.whole for at in (replicas, parallelism)]
        number = None if None in pods else (pods[0] or 0) * (pods[1] or 0)
        said = parallelism if parallelism.value is not None else replicas
        roles.append(Role(spec.at("template", "spec"), number, said))
    drafts = group_job(resource, resource.spec.at("replicatedJobs"), roles)
    for draft in drafts:
        for each in jobs:
            deadline(draft, each.at("template", "spec"))
        retries(draft, resource.spec.at("failurePolicy", "maxRestarts"))
        suspended(draft, resource.spec)
        ends(draft)
    return drafts


def volcano_job(resource: Resource) -> list[JobDraft]:
    """https://volcano.sh/en/docs/vcjob/: tasks, each with its replicas."""
    tasks = [role(each, each.at("replicas")) for each in resource.spec.at("tasks").elements()]
    drafts = group_job(resource, resource.spec.at("tasks"), tasks)
    for draft in drafts:
        retries(draft, resource.spec.at("maxRetry"))
        ends(draft)
    return drafts


KINDS: Mapping[str, Reader] = {
    "LeaderWorkerSet": leader_worker_set,
    "JobSet": job_set,
    "batch.volcano.sh/Job": volcano_job,
}
