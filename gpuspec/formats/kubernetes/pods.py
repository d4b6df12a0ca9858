"""A pod: which of its containers are jobs, and what they share: node, volumes, secrets, restarts."""

from collections.abc import Iterator

from gpuspec.engines.images import engine_in
from gpuspec.formats.kubernetes.at import At
from gpuspec.formats.kubernetes.container import command_of, container_fields
from gpuspec.formats.kubernetes.draft import JobDraft
from gpuspec.formats.kubernetes.environment import environment
from gpuspec.formats.kubernetes.gpus import GpusAsked, asked, slice_gb
from gpuspec.formats.kubernetes.manifest import Manifest, Resource
from gpuspec.formats.kubernetes.nodes import nodes
from gpuspec.formats.kubernetes.scripts import scripts_put_in
from gpuspec.formats.kubernetes.services import address
from gpuspec.formats.kubernetes.volumes import volumes

_RESTARTS = {"Always": "always", "OnFailure": "on-failure", "Never": "never"}
_NO_GPU = frozenset({"", "none", "void"})


def gpu_containers(spec: At, manifest: Manifest) -> list[tuple[At, GpusAsked]]:
    """The containers of a pod that ask for GPUs, each with what it asks for. One that runs before them (an init
    container) counts where no other does; `spec` is the pod's."""
    for key in ("containers", "initContainers"):
        found = [
            (container, wanted)
            for container in spec.at(key).elements()
            if (wanted := asked(container, spec, manifest)) is not None
        ]
        if found:
            return found
    return list(_by_runtime(spec))


def prepared(draft: JobDraft, spec: At) -> None:
    """Write the commands of the containers that run before the others: they fetch models, say."""
    for container in spec.at("initContainers").elements():
        if container.at("restartPolicy").text == "Always":  # one that runs beside the others
            continue
        beside = JobDraft(draft.resource, container)
        names = environment(beside, container)
        text, at = command_of(beside, container, names)
        if text.text:
            draft.add("setup", text.text, at)
            draft.pieces[at.place] = text.pieces
            draft.know(beside.value.get("env", {}))
        for number, name in enumerate(beside.value.get("secrets", ())):
            if name not in draft.value.get("secrets", ()):
                draft.add("secrets", name, At(name, beside.places[f"/secrets/{number}"]))


def pod_jobs(resource: Resource, spec: At, kind: str | None = None) -> list[JobDraft]:
    """A job for each container of a pod that asks for GPUs. What runs on each node and asks for none (device plugins,
    exporters) only looks at the GPUs."""
    found = gpu_containers(spec, resource.manifest)
    if resource.kind == "DaemonSet":
        found = [
            (container, wanted)
            for container, wanted in found
            if not wanted.by_runtime or engine_in(container.at("image").filled)
        ]
    return [pod_job(resource, spec, container, wanted, kind) for container, wanted in found]


def pod_job(
    resource: Resource,
    spec: At,
    container: At,
    wanted: GpusAsked | None,
    kind: str | None = None,
    *,
    runs: At | None = None,
) -> JobDraft:
    """What one container of a pod does, as a job. `runs` is the container that starts what runs in it, if another."""
    draft = JobDraft(resource, container, kind)
    container_fields(draft, container if runs is None else runs)
    scripts_put_in(draft, spec, container if runs is None else runs)
    if wanted is not None:
        ask(draft, wanted)
    of_pod(draft, spec, container, wanted)
    _ends(draft, spec, container if runs is None else runs)
    prepared(draft, spec)
    return draft


def _ends(draft: JobDraft, spec: At, container: At) -> None:
    """How the pod is ended: 30 seconds after SIGTERM it is killed, unless it says another number.

    https://kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle/#pod-termination, read 2026-11-30."""
    grace = spec.at("terminationGracePeriodSeconds")
    draft.say("deployment.grace_seconds", 30 if grace.value is None else grace.whole, spec)
    draft.say("deployment.drains", container.at("lifecycle", "preStop").value is not None, container)


def of_pod(draft: JobDraft, spec: At, container: At, wanted: GpusAsked | None = None) -> None:
    """Write what the whole pod says: node, volumes, restarts."""
    partition = spec.at("nodeSelector", "cloud.google.com/gke-gpu-partition-size")
    sliced = (wanted is not None and wanted.slice_gb is not None) or partition.value is not None
    if partition.word:
        size = slice_gb("." + partition.word.rpartition(".")[2])
        draft.say("min_vram", size, partition)
        draft.say("deployment.slice_gb", size, partition)
    nodes(draft, spec, sliced=sliced)
    volumes(draft, spec, container)
    address(draft, spec)
    policy = spec.at("restartPolicy")
    if policy.text in _RESTARTS:
        draft.say("deployment.restarts", _RESTARTS[policy.text], policy)


def ask(draft: JobDraft, wanted: GpusAsked) -> None:
    """Write how many GPUs are asked for; of slices, the memory."""
    if wanted.number:
        draft.say("gpu_count", wanted.number, wanted.at)
    draft.say("min_vram", wanted.slice_gb, wanted.at)
    draft.say("deployment.slice_gb", wanted.slice_gb, wanted.at)
    draft.say("deployment.gpu_requests", wanted.requests, wanted.at)
    draft.say("deployment.gpu_limits", wanted.limits, wanted.at)


def _by_runtime(spec: At) -> Iterator[tuple[At, GpusAsked]]:
    """Containers that get all GPUs of their node from NVIDIA's container runtime, without asking the scheduler: those
    that name the GPUs they see, and servers whose image does."""
    runtime = spec.at("runtimeClassName")
    if "nvidia" not in (runtime.text or ""):
        return
    for container in spec.at("containers").elements():
        visible = container.at("env").named("NVIDIA_VISIBLE_DEVICES").at("value")
        named = visible.value is not None and (visible.word or "") not in _NO_GPU
        if named or (visible.value is None and engine_in(container.at("image").filled)):
            yield container, GpusAsked(None, visible if named else runtime, by_runtime=True)
