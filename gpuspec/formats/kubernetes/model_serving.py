"""Serving operators whose objects hold pods of their own shape: OME, Seldon, BentoML's Yatai, AIBrix.

Fields: docs.sglang.io/ome (v1beta1), docs.seldon.ai (SeldonDeployment v1), docs.yatai.ai (BentoDeployment v2alpha1),
aibrix.readthedocs.io (StormService v1alpha1); November 2026."""

from collections.abc import Iterator

from gpuspec.engines.operators import OME, SELDON, of_runtime
from gpuspec.formats.kubernetes.at import At
from gpuspec.formats.kubernetes.draft import JobDraft
from gpuspec.formats.kubernetes.gpus import GpusAsked, asked
from gpuspec.formats.kubernetes.manifest import Resource
from gpuspec.formats.kubernetes.pods import ask, gpu_containers, of_pod, pod_job, pod_jobs
from gpuspec.formats.kubernetes.serving import FROM_TEMPLATE, model_of, run_words, server, words
from gpuspec.formats.kubernetes.workloads import copies


def ome_service(resource: Resource) -> list[JobDraft]:
    """OME's InferenceService: an engine, and a decoder where prefill stands apart. Where it names no container, the
    runtime of the same file, or one that the cluster has, says what runs."""
    drafts: list[JobDraft] = []
    for key in ("engine", "decoder", "predictor"):
        part = resource.spec.at(key)
        if isinstance(part.value, dict):
            drafts += _ome_part(resource, part, key)
    return drafts


def _ome_part(resource: Resource, part: At, key: str) -> Iterator[JobDraft]:
    runtime = resource.spec.at("runtime", "name")
    found = resource.manifest.find("ClusterServingRuntime", runtime.text)
    found = found or resource.manifest.find("ServingRuntime", runtime.text)
    base = found.spec.at(f"{key}Config") if found else At(None, part.place)
    for spec in (part, base):
        group = spec.at("leader") if spec.at("leader").value is not None else spec
        container = group.at("runner") if group.at("runner").value is not None else part
        wanted = asked(container, spec, resource.manifest)
        if wanted is None:
            continue
        draft = pod_job(resource, group, container, wanted)
        draft.at = part
        workers = spec.at("worker", "size")
        if workers.whole:
            draft.say("nodes", workers.whole + 1, workers)
        model = resource.spec.at("model", "name")
        base_model = resource.manifest.find("ClusterBaseModel", model.text)
        base_model = base_model or resource.manifest.find("BaseModel", model.text)
        address = base_model.spec.at("storage", "storageUri") if base_model else model
        draft.say("model.id", model_of(address) or model.word, address)
        start = of_runtime(runtime.text, OME)
        if "run" not in draft.value and start:
            run_words(draft, words(start, runtime), runtime)
        draft.scale(part.at("minReplicas").whole, part.at("maxReplicas").whole, part)
        draft.cannot_say.update(FROM_TEMPLATE - draft.value.keys())
        draft.cannot_say.add("secrets")
        server(draft)
        yield draft
        return


def seldon_deployment(resource: Resource) -> list[JobDraft]:
    """A SeldonDeployment: predictors with a graph of servers, and the pods that take their names."""
    drafts = []
    for predictor in resource.spec.at("predictors").elements():
        graph = predictor.at("graph")
        for component in predictor.at("componentSpecs").elements():
            for draft in pod_jobs(resource, component.at("spec")):
                server_name = SELDON.get((graph.at("implementation").text or "").upper())
                if "run" not in draft.value and server_name:
                    run_words(draft, words(server_name, graph), graph)
                draft.say("model.id", model_of(graph.at("modelUri")), graph.at("modelUri"))
                replicas = component.at("replicas")
                replicas = replicas if replicas.value is not None else predictor.at("replicas")
                copies(draft, replicas)
                draft.cannot_say.update(FROM_TEMPLATE - draft.value.keys())
                server(draft)
                drafts.append(draft)
    return drafts


def bento_deployment(resource: Resource) -> list[JobDraft]:
    """A BentoDeployment: its API server and its runners, which ask for `gpu` without a maker's name."""
    drafts = []
    for part in (resource.spec, *resource.spec.at("runners").elements()):
        gpus = next(
            (
                at
                for side in ("limits", "requests")
                for at in (
                    part.at("resources", side, "gpu"),
                    part.at("resources", side, "custom", "nvidia.com/gpu"),
                )
                if at.value is not None
            ),
            None,
        )
        if gpus is None or gpus.whole == 0:
            continue
        draft = JobDraft(resource, part)
        ask(draft, GpusAsked(gpus.whole, gpus))
        pod = part.at("extraPodSpec")
        of_pod(draft, pod, At(None, part.place))
        scaler = part.at("autoscaling")
        draft.scale(scaler.at("minReplicas").whole, scaler.at("maxReplicas").whole, scaler)
        draft.cannot_say.update(FROM_TEMPLATE)
        server(draft)
        drafts.append(draft)
    return drafts


def storm_service(resource: Resource) -> list[JobDraft]:
    """AIBrix's StormService: so many sets of roles (prefill, decode), each of them so many pods."""
    drafts = []
    template = resource.spec.at("template", "spec")
    for role in template.at("roles").elements():
        pod = role.at("template", "spec")
        for container, wanted in gpu_containers(pod, resource.manifest)[:1]:
            draft = pod_job(resource, pod, container, wanted)
            sets, each = resource.spec.at("replicas"), role.at("replicas")
            number = [1 if at.value is None else at.whole for at in (sets, each)]
            total = None if None in number else (number[0] or 0) * (number[1] or 0)
            draft.scale(total, total, each)
            group = role.at("podGroupSize")
            if group.whole and group.whole > 1:
                draft.say("nodes", group.whole, group)
            server(draft)
            drafts.append(draft)
    return drafts
