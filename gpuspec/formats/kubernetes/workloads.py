"""Kubernetes' own kinds: Pod, Deployment and the like, Job, CronJob."""

import re
from collections.abc import Mapping

from gpuspec.formats.cron import runs_per_month
from gpuspec.formats.kubernetes.at import At
from gpuspec.formats.kubernetes.draft import JobDraft, Reader
from gpuspec.formats.kubernetes.manifest import Resource
from gpuspec.formats.kubernetes.pods import pod_jobs
from gpuspec.formats.kubernetes.scalers import scaled_by
from gpuspec.formats.kubernetes.services import lead_to

MOST_HOURS = 24 * 365


def pod(resource: Resource) -> list[JobDraft]:
    """A Pod: it runs once, or for as long as it is left."""
    drafts = pod_jobs(resource, resource.spec)
    for draft in drafts:
        deadline(draft, resource.spec)
    return drafts


def server(resource: Resource) -> list[JobDraft]:
    """What keeps copies of a pod running: Deployment, StatefulSet, ReplicaSet."""
    drafts = pod_jobs(resource, resource.spec.at("template", "spec"))
    for draft in drafts:
        copies(draft, resource.spec.at("replicas"))
        scaled_by(draft)
        lead_to(draft, resource.spec.at("template", "metadata", "labels"))
        keeps_running(draft)
    return drafts


def on_every_node(resource: Resource) -> list[JobDraft]:
    """A DaemonSet: a copy on each node."""
    drafts = pod_jobs(resource, resource.spec.at("template", "spec"))
    for draft in drafts:
        keeps_running(draft)
    return drafts


def batch_job(resource: Resource) -> list[JobDraft]:
    """A Job."""
    return batch(resource, resource.spec)


def cron_job(resource: Resource) -> list[JobDraft]:
    """A CronJob: a Job at each hour of its schedule."""
    drafts = batch(resource, resource.spec.at("jobTemplate", "spec"))
    for draft in drafts:
        suspended(draft, resource.spec)
        starts(draft, resource.spec.at("schedule"))
    return drafts


def batch(resource: Resource, spec: At) -> list[JobDraft]:
    """The jobs of a Job's spec, wherever that stands."""
    drafts = pod_jobs(resource, spec.at("template", "spec"))
    for draft in drafts:
        of_batch_job(draft, spec)
        ends(draft)
        deadline(draft, spec.at("template", "spec"))
    return drafts


def of_batch_job(draft: JobDraft, spec: At) -> None:
    """Write what a Job's spec says: pods that work together, retries, limits."""
    parallelism = spec.at("parallelism")
    completions = spec.at("completions")
    at_once = parallelism.whole if parallelism.value is not None else 1
    if spec.at("completionMode").text == "Indexed" and at_once is not None and at_once > 1:
        draft.say("nodes", at_once, parallelism)
    elif at_once is not None and at_once > 1:
        most = completions.whole
        draft.scale(None, min(at_once, most) if most else at_once, parallelism)
    retries(draft, spec.at("backoffLimit"))
    deadline(draft, spec)
    suspended(draft, spec)


def deadline(draft: JobDraft, spec: At) -> None:
    """The time limit of a Job or a pod."""
    at = spec.at("activeDeadlineSeconds")
    if at.whole and "budget" not in draft.value:
        draft.say("budget.max_hours", min(at.whole / 3600, MOST_HOURS), at)


def starts(draft: JobDraft, *lines: At) -> None:
    """How often a month it is started, by lines of cron."""
    found = [(runs_per_month(line.text), line) for line in lines if line.text]
    if found and all(runs for runs, _ in found):
        draft.say("schedule.runs_per_month", sum(runs or 0.0 for runs, _ in found), found[0][1])


def suspended(draft: JobDraft, spec: At) -> None:
    """Whether it waits for somebody to let it run."""
    if spec.at("suspend").yes:
        draft.say("deployment.suspended", True, spec.at("suspend"))


def retries(draft: JobDraft, at: At) -> None:
    """How often it is begun again."""
    draft.say("deployment.retries", at.whole, at)


def ends(draft: JobDraft) -> None:
    """What runs to its end is a batch of work, unless its commands say otherwise; what a launcher of training starts
    on several GPUs trains."""
    run = draft.value.get("run") or ""
    trains = _TRAINS.search(run) is not None and _ELSE.search(run) is None
    draft.say("usual_task", "train" if trains else "batch", draft.resource.at.at("kind"))


_TRAINS = re.compile(
    r"\b(?:torchrun|torch\.distributed\.(?:run|launch)|accelerate[ -]launch|deepspeed|horovodrun|composer)\b"
)
_ELSE = re.compile(r"infer|eval|serv|generat|predict|bench|nccl[-_]test|chat|completion|all_?reduce", re.I)


def copies(draft: JobDraft, at: At) -> None:
    """A fixed number of copies."""
    draft.scale(at.whole, at.whole, at)
    if at.whole == 0:
        draft.say("deployment.suspended", True, at)


def keeps_running(draft: JobDraft) -> None:
    """What is started again whenever it ends serves somebody, unless its commands say otherwise; it has no time
    limit."""
    draft.say("usual_task", "serve", draft.resource.at.at("kind"))
    draft.cannot_say.add("budget.max_hours")


KINDS: Mapping[str, Reader] = {
    "Pod": pod,
    "Deployment": server,
    "StatefulSet": server,
    "ReplicaSet": server,
    "ReplicationController": server,
    "DaemonSet": on_every_node,
    "Job": batch_job,
    "batch/Job": batch_job,
    "CronJob": cron_job,
}
