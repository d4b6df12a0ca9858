"""Kinds that wrap a pod in their own way: Knative's Service, Argo's workflows, KEDA's ScaledJob, Notebook."""

from collections.abc import Iterator, Mapping

from gpuspec.formats.command import SHELLS, of_scalar
from gpuspec.formats.kubernetes.at import At
from gpuspec.formats.kubernetes.draft import JobDraft, Reader
from gpuspec.formats.kubernetes.manifest import Resource
from gpuspec.formats.kubernetes.nodes import one_cloud
from gpuspec.formats.kubernetes.pods import pod_jobs
from gpuspec.formats.kubernetes.workloads import batch, deadline, ends, keeps_running, starts, suspended


def knative_service(resource: Resource) -> list[JobDraft]:
    """Knative: as many copies as are asked, none where nobody does.
    https://knative.dev/docs/serving/autoscaling/scale-bounds/"""
    template = resource.spec.at("template")
    drafts = pod_jobs(resource, template.at("spec"))
    for draft in drafts:
        knative_scale(draft, template.at("metadata", "annotations"))
        keeps_running(draft)
        region = resource.at.at("metadata", "labels", "cloud.googleapis.com/location")  # Cloud Run
        if region.word:
            one_cloud(draft, "gcp", region)
            draft.add("regions", region.word, region)
    return drafts


def knative_scale(draft: JobDraft, annotations: At) -> None:
    """The copies that annotations of Knative's autoscaler allow."""
    for key, at in annotations.members():
        name = key.removeprefix("autoscaling.knative.dev/").replace("-", "").lower()
        if "autoscaling.knative.dev/" in key and name in ("minscale", "maxscale"):
            least = name == "minscale"
            draft.scale(at.whole if least else None, None if least else at.whole or None, at)


def scaled_job(resource: Resource) -> list[JobDraft]:
    """KEDA's ScaledJob: a Job for each message."""
    drafts = batch(resource, resource.spec.at("jobTargetRef"))
    for draft in drafts:
        most = resource.spec.at("maxReplicaCount")
        draft.scale(0, most.whole, most if most.value is not None else resource.at)
    return drafts


def notebook(resource: Resource) -> list[JobDraft]:
    """Kubeflow's Notebook."""
    drafts = pod_jobs(resource, resource.spec.at("template", "spec"))
    for draft in drafts:
        draft.say("usual_task", "interactive", resource.at.at("kind"))
        draft.cannot_say.add("budget.max_hours")
    return drafts


def workflow(resource: Resource) -> list[JobDraft]:
    """Argo's workflows: https://argo-workflows.readthedocs.io/en/latest/fields/. What a template leaves out of its
    pod, the workflow says."""
    spec = resource.spec
    for key in ("workflowSpec", "templates"):
        inner = spec.at(key)
        if key == "workflowSpec" and isinstance(inner.value, dict):
            spec = inner
    drafts = [
        draft for template in spec.at("templates").elements() for draft in _template(resource, spec, template)
    ]
    for draft in drafts:
        starts(draft, resource.spec.at("schedule"), *resource.spec.at("schedules").elements())
        suspended(draft, resource.spec)
    return drafts


def _template(resource: Resource, spec: At, template: At) -> Iterator[JobDraft]:
    shared = spec.value if isinstance(spec.value, dict) else {}
    own = template.value if isinstance(template.value, dict) else {}
    pod = {key: own.get(key, shared.get(key)) for key in ("nodeSelector", "affinity", "tolerations")}
    both = [*_listed(own.get("volumes")), *_listed(shared.get("volumes"))]
    for key in ("container", "script"):
        container = template.at(key)
        if not isinstance(container.value, dict):
            continue
        beside = At({**pod, "volumes": both, "containers": [container.value]}, template.place)
        for draft in pod_jobs(resource, beside):
            _moved(draft, f"{template.place}/containers/0", container)
            source = container.at("source")
            if key == "script" and source.text:
                draft.run(
                    of_scalar(resource.manifest.tree, _shell(container, source.value), source.place), source
                )
            deadline(draft, template)
            deadline(draft, spec)
            ends(draft)
            yield draft
    yield from pod_jobs(resource, At({**pod, "volumes": both, **_set(own)}, f"{template.place}/containerSet"))


def _set(template: dict[str, object]) -> dict[str, object]:
    inner = template.get("containerSet")
    return inner if isinstance(inner, dict) else {}


def _listed(value: object) -> list[object]:
    return value if isinstance(value, list) else []


def _shell(container: At, source: str) -> str:
    """A script of another language says nothing as one of the shell."""
    first = next(container.at("command").elements(), None)
    name = (first.text or "").rpartition("/")[2] if first else ""
    return source if name in SHELLS else ""


def _moved(draft: JobDraft, start: str, to: At) -> None:
    """Pointers of a container that was put together here → those of the file."""

    def moved(place: str) -> str:
        return to.place + place[len(start) :] if place.startswith(start) else place

    draft.at = to
    draft.places = {key: moved(place) for key, place in draft.places.items()}
    draft.pieces = {
        moved(place): tuple(piece._replace(pointer=moved(piece.pointer)) for piece in pieces)
        for place, pieces in draft.pieces.items()
    }
    for mount in draft.value["deployment"].get("mounts", ()):
        mount["pointer"] = moved(mount["pointer"])


KINDS: Mapping[str, Reader] = {
    "serving.knative.dev/Service": knative_service,
    "ScaledJob": scaled_job,
    "Notebook": notebook,
    **dict.fromkeys(("Workflow", "WorkflowTemplate", "ClusterWorkflowTemplate", "CronWorkflow"), workflow),
}
