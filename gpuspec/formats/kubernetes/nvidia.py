"""NVIDIA's operators: NIMService and NIMPipeline, Dynamo's graphs.

Fields: docs.nvidia.com/nim-operator 3.0, ai-dynamo/dynamo deploy/cloud/operator; November 2026."""

from collections.abc import Iterator

from gpuspec.engines.operators import NIM
from gpuspec.formats.kubernetes.at import At
from gpuspec.formats.kubernetes.container import container_fields
from gpuspec.formats.kubernetes.draft import JobDraft
from gpuspec.formats.kubernetes.environment import environment
from gpuspec.formats.kubernetes.gpus import GpusAsked, asked
from gpuspec.formats.kubernetes.manifest import Resource
from gpuspec.formats.kubernetes.pods import ask, of_pod
from gpuspec.formats.kubernetes.probes import probes
from gpuspec.formats.kubernetes.serving import arguments_of, run_words, server, words
from gpuspec.formats.kubernetes.volumes import quantity
from gpuspec.formats.kubernetes.workloads import copies


def nim_service(resource: Resource) -> list[JobDraft]:
    """A NIMService."""
    draft = _nim(resource, resource.spec)
    return [draft] if draft else []


def nim_pipeline(resource: Resource) -> list[JobDraft]:
    """A NIMPipeline: the services in it that are enabled."""
    found = (
        _nim(resource, service.at("spec"))
        for service in resource.spec.at("services").elements()
        if service.at("enabled").value is not False
    )
    return [draft for draft in found if draft]


def _nim(resource: Resource, spec: At) -> JobDraft | None:
    wanted = asked(spec, spec, resource.manifest)
    machines = spec.at("multiNode")
    size, each = machines.at("size"), machines.at("gpusPerPod")
    if wanted is None and each.whole:
        wanted = GpusAsked(each.whole, each)
    if wanted is None:
        return None
    draft = JobDraft(resource, spec)
    ask(draft, wanted)
    of_pod(draft, spec, spec, wanted)
    environment(draft, spec)
    image = spec.at("image")
    repository, tag = image.at("repository").word, image.at("tag").word
    if repository:
        draft.say("image", f"{repository}:{tag}" if tag else repository, image.at("repository"))
        start = arguments_of(spec.at("command")) or words(NIM, image)
        run_words(draft, [*start, *arguments_of(spec.at("args"))], image)
    if spec.at("authSecret").word:
        draft.add("secrets", "NGC_API_KEY", spec.at("authSecret"))
    draft.say("nodes", size.whole, size)
    replicas, scaler = spec.at("replicas"), spec.at("scale")
    hpa = scaler.at("hpa")
    if scaler.at("enabled").yes:
        least = hpa.at("minReplicas")
        draft.scale(1 if least.value is None else least.whole, hpa.at("maxReplicas").whole, hpa)
    else:
        copies(draft, replicas)
    shared = quantity(spec.at("storage", "sharedMemorySizeLimit").value)
    if shared is not None:
        draft.say("deployment.shm_gb", shared / 2**30, spec.at("storage", "sharedMemorySizeLimit"))
    _kept(draft, spec.at("storage"))
    port = spec.at("expose", "service", "port")
    if port.whole and 0 < port.whole < 65536:
        draft.add("ports", port.whole, port)
    draft.cannot_say.update({"readiness", "deployment.shm_gb"})
    server(draft)
    return draft


def _kept(draft: JobDraft, storage: At) -> None:
    """Where the operator keeps models: a NIMCache, a claim, a folder of the host."""
    for key in ("nimCache", "pvc", "hostPath"):
        if storage.at(key).value:
            mount = {"path": "/model-store", "lasts": True, "pointer": storage.at(key).place}
            draft.say("deployment.mounts", [mount], storage)


def dynamo_graph(resource: Resource) -> list[JobDraft]:
    """A DynamoGraphDeployment: each of its services that asks for GPUs."""
    return [draft for at in _services(resource.spec) if (draft := _component(resource, at)) is not None]


def dynamo_component(resource: Resource) -> list[JobDraft]:
    """One service of a graph, deployed by itself."""
    draft = _component(resource, resource.spec)
    return [draft] if draft else []


def _services(spec: At) -> Iterator[At]:
    for _, at in spec.at("services").members():
        yield at
    yield from spec.at("components").elements()


def _component(resource: Resource, at: At) -> JobDraft | None:
    pod, container = _pod(at)
    wanted = _gpus(at, container, pod, resource)
    if wanted is None or not wanted.number:
        return None
    draft = JobDraft(resource, at)
    ask(draft, wanted)
    for variables in (resource.spec, at):
        environment(draft, At({"env": variables.at("envs").value}, f"{variables.place}"))
    container_fields(draft, container)
    probes(draft, at)
    of_pod(draft, pod, container, wanted)
    draft.scale(at.at("replicas").whole, at.at("replicas").whole, at.at("replicas"))
    scaler = at.at("autoscaling")
    if scaler.at("enabled").yes or scaler.at("maxReplicas").whole:
        draft.scale(scaler.at("minReplicas").whole, scaler.at("maxReplicas").whole, scaler)
    machines = at.at("multinode", "nodeCount")
    draft.say("nodes", machines.whole, machines)
    shared = quantity(at.at("sharedMemory", "size").value)
    if shared is not None:
        draft.say("deployment.shm_gb", shared / 2**30, at.at("sharedMemory"))
    draft.cannot_say.update({"readiness", "deployment.shm_gb"})  # the operator's own
    server(draft)
    return draft


def _pod(at: At) -> tuple[At, At]:
    """The pod of a component, and its container that works."""
    extra = at.at("extraPodSpec")
    if extra.value is not None:
        return extra, extra.at("mainContainer")
    pod = at.at("podTemplate", "spec")
    main = pod.at("containers").named("main")
    return pod, main if main.value is not None else next(pod.at("containers").elements(), main)


def _gpus(at: At, container: At, pod: At, resource: Resource) -> GpusAsked | None:
    """`resources.limits.gpu` of the component, else what its container asks for."""
    for side in ("limits", "requests"):
        for key in ("gpu", "nvidia.com/gpu"):
            found = at.at("resources", side, key)
            if found.value is not None:
                return GpusAsked(found.whole, found)
    return asked(container, pod, resource.manifest)
