"""Kinds whose pods serve one language model in roles: KServe's LLMInferenceService, llm-d's ModelService.

Fields: https://kserve.github.io/website/docs/model-serving/generative-inference/llmisvc (v1alpha1, v1alpha2), llm-d's
llm-d-model-service; November 2026."""

from collections.abc import Iterator

from gpuspec.engines.operators import USUAL
from gpuspec.formats.command import of_scalar
from gpuspec.formats.kubernetes.at import At
from gpuspec.formats.kubernetes.draft import JobDraft
from gpuspec.formats.kubernetes.manifest import Resource
from gpuspec.formats.kubernetes.nodes import gpu_name
from gpuspec.formats.kubernetes.pods import gpu_containers, pod_job
from gpuspec.formats.kubernetes.serving import (
    FROM_TEMPLATE,
    arguments_of,
    fetched,
    flags_of,
    model_of,
    run_words,
    server,
    words,
)
from gpuspec.formats.kubernetes.workloads import copies

_PARALLEL = {"tensor": "tensor_parallel", "pipeline": "pipeline_parallel", "data": "data_parallel"}
_ARGUMENTS = "VLLM_ADDITIONAL_ARGS"
"""The variable whose words the template puts behind its own command."""


def llm_inference_service(resource: Resource) -> list[JobDraft]:
    """A service: its pods, which do prefill and decode, and those of a pool for prefill alone. A `worker` template is
    of the other machines of the same job."""
    spec = resource.spec
    drafts = list(_role(resource, spec, ()))
    if isinstance(spec.at("prefill").value, dict):
        drafts += _role(resource, spec.at("prefill"), ("prefill",))
    return drafts


def _template(resource: Resource, role: At, keys: tuple[str, ...]) -> At:
    """The pod of a role: its own, else that of a configuration of the same file that the service names."""
    own = role.at("template")
    if own.at("containers").value is not None:
        return own
    for reference in resource.spec.at("baseRefs").elements():
        base = resource.manifest.find("LLMInferenceServiceConfig", reference.at("name").text)
        found = base.spec.at(*keys, "template") if base else own
        if found.at("containers").value is not None:
            return found
    return own


def _role(resource: Resource, role: At, keys: tuple[str, ...]) -> Iterator[JobDraft]:
    template = _template(resource, role, keys)
    found = gpu_containers(template, resource.manifest)
    if found:
        container, wanted = found[0]
        draft = pod_job(resource, template, container, wanted)
        if template.place != role.at("template").place:
            draft.at = role  # it is told apart by where the service stands, not by what several share
    elif template.at("containers").value is None:  # its configuration stands elsewhere
        container = At(None, role.place)
        draft = JobDraft(resource, role)
    else:
        return
    _command(draft, container, role)
    _model(draft, resource.spec.at("model"))
    _parallelism(draft, role)
    draft.scale(role.at("replicas").whole, role.at("replicas").whole, role.at("replicas"))
    scaling = role.at("scaling")
    if scaling.value is not None:
        draft.scale(scaling.at("minReplicas").whole, scaling.at("maxReplicas").whole, scaling)
    server(draft)
    draft.cannot_say.update(FROM_TEMPLATE - draft.value.keys())
    draft.cannot_say.add("secrets")
    yield draft


def _command(draft: JobDraft, container: At, role: At) -> None:
    own = [*arguments_of(container.at("command")), *arguments_of(container.at("args"))]
    if container.at("command").value is not None:
        return
    start = [*words(USUAL, role), *fetched(draft.resource.spec.at("model", "uri"))]
    variable = container.at("env").named(_ARGUMENTS).at("value")
    more = of_scalar(draft.resource.manifest.tree, variable.text, variable.place) if variable.text else None
    run_words(draft, [*start, *own], role, more)


def _model(draft: JobDraft, model: At) -> None:
    """The repository of the hub that the address names, else the name under which the model is served where that is
    one; else the address."""
    uri, name = model.at("uri"), model.at("name")
    address = model_of(uri)
    of_hub = address is not None and "://" not in address
    if of_hub or not name.word:
        draft.say("model.id", address, uri)
    elif "/" in name.word or address is None:
        draft.say("model.id", name.word, name)
        if uri.text and not uri.text.startswith("hf://"):  # a claim, or a bucket: not fetched from the hub
            lasts = True if uri.text.startswith("pvc://") else None
            draft.say("deployment.mounts", [{"path": "/mnt/models", "lasts": lasts, "source": uri.text}], uri)
    else:
        draft.say("model.id", address, uri)


def _parallelism(draft: JobDraft, role: At) -> None:
    parallelism = role.at("parallelism")
    for key, field in _PARALLEL.items():
        draft.say(f"model.{field}", parallelism.at(key).whole, parallelism.at(key))
    every, here, stages = (parallelism.at(key) for key in ("data", "dataLocal", "pipeline"))
    if every.whole and here.whole and every.whole > here.whole:
        draft.say("nodes", -(-every.whole // here.whole), every)
    elif role.at("worker").value is not None and (stages.whole or 0) > 1:
        draft.say("nodes", stages.whole, stages)


def model_service(resource: Resource) -> list[JobDraft]:
    """llm-d's ModelService: pods for decode, and for prefill."""
    drafts = []
    artifacts, name = resource.spec.at("modelArtifacts", "uri"), resource.spec.at("routing", "modelName")
    for key in ("decode", "prefill"):
        role = resource.spec.at(key)
        for container, wanted in gpu_containers(role, resource.manifest)[:1]:
            draft = pod_job(resource, role, container, wanted)
            model = model_of(artifacts)
            known = model is not None and "://" not in model
            draft.say("model.id", model if known else name.word, artifacts if known else name)
            given = arguments_of(container.at("args"))
            if container.at("command").value is None:
                run_words(draft, [*words(USUAL, role), *fetched(artifacts), *given], role)
            wide = role.at("parallelism", "tensor")
            draft.say("model.tensor_parallel", wide.whole, wide)
            copies(draft, role.at("replicas"))
            for value in role.at("acceleratorTypes", "labelValues").elements():
                if value.word:
                    draft.gpu(gpu_name(value.word), value)
            server(draft)
            draft.cannot_say.update(FROM_TEMPLATE - draft.value.keys())
            drafts.append(draft)
    return drafts


_RUNTIME_MODEL = {
    "maxModelLen": "--max-model-len",
    "dtype": "--dtype",
    "maxNumSeqs": "--max-num-seqs",
    "enableLoRA": "--enable-lora",
}
_RUNTIME_CONFIG = {
    "enableChunkedPrefill": "--enable-chunked-prefill",
    "enablePrefixCaching": "--enable-prefix-caching",
    "gpuMemoryUtilization": "--gpu-memory-utilization",
    "maxLoras": "--max-loras",
    "port": "--port",
}


def vllm_runtime(resource: Resource) -> list[JobDraft]:
    """The vLLM production stack's VLLMRuntime.

    Source: production-stack, operator/api/v1alpha1/vllmruntime_types.go; November 2026."""
    spec = resource.spec
    deployment = spec.at("deploymentConfig")
    gpus = deployment.at("resources", "gpu")
    if not gpus.whole and not (gpus.value and not isinstance(gpus.value, (int, float))):
        return []
    draft = JobDraft(resource, spec)
    draft.say("gpu_count", gpus.whole, gpus)
    image = deployment.at("image")
    name = image.at("name").word
    if name:
        registry = image.at("registry").word
        draft.say("image", f"{registry}/{name}" if registry else name, image.at("name"))
    model, config = spec.at("model"), spec.at("vllmConfig")
    draft.say("model.id", model_of(model.at("modelURL")), model.at("modelURL"))
    wide = config.at("tensorParallelSize")
    if wide.whole and (wide.whole > 1 or (gpus.whole or 1) > 1):  # one GPU: what it is anyway
        draft.say("model.tensor_parallel", wide.whole, wide)
    start = [*words(USUAL, model), *fetched(model.at("modelURL"))]
    given = [*start, *flags_of(model, _RUNTIME_MODEL), *flags_of(config, _RUNTIME_CONFIG)]
    run_words(draft, [*given, *arguments_of(config.at("extraArgs"))], model)
    scaler = spec.at("autoscalingConfig")
    replicas = deployment.at("replicas")
    draft.scale(replicas.whole, replicas.whole, replicas)
    if scaler.at("enabled").yes:
        draft.unsay("scaling")
        least = scaler.at("minReplicas")
        draft.scale(1 if least.value is None else least.whole, scaler.at("maxReplicas").whole, scaler)
        idle = scaler.at("scaleDownPolicy", "scaleToZeroDelaySeconds").whole
        if idle:
            draft.say("scaling.idle_minutes", idle / 60, scaler.at("scaleDownPolicy"))
    storage = spec.at("storageConfig")
    if storage.at("enabled").yes:
        path = storage.at("mountPath").text or "/data"
        draft.say("deployment.mounts", [{"path": path, "lasts": True}], storage)
    if spec.at("model", "hfTokenSecret").value is not None or config.at("hfTokenSecret").value is not None:
        draft.cannot_say.add("secrets")
    draft.cannot_say.update({"readiness", "deployment.shm_gb"})
    server(draft)
    return [draft]
