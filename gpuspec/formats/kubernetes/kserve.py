"""KServe's InferenceService: a predictor, and what may stand before it.

Fields: https://kserve.github.io/website/docs/reference/crd-api (v1beta1), November 2026. The older form with
`spec.default` is v1alpha2."""

from collections.abc import Iterator

from gpuspec.engines.operators import KSERVE, KSERVE_FIELDS, MODEL_FLAGS, of_runtime
from gpuspec.formats.command import Argument
from gpuspec.formats.kubernetes.at import At
from gpuspec.formats.kubernetes.draft import JobDraft
from gpuspec.formats.kubernetes.environment import environment
from gpuspec.formats.kubernetes.gpus import GpusAsked, asked
from gpuspec.formats.kubernetes.manifest import Resource
from gpuspec.formats.kubernetes.nodes import gpu_name, one_cloud
from gpuspec.formats.kubernetes.pods import pod_job, pod_jobs
from gpuspec.formats.kubernetes.serving import (
    FROM_TEMPLATE,
    arguments_of,
    fetched,
    has_flag,
    run_words,
    say_model,
    server,
    words,
)

_COMPONENTS = ("predictor", "transformer", "explainer")
_RUNTIMES = ("ServingRuntime", "ClusterServingRuntime")
_GPU_LABEL = "serving.kserve.io/gke-accelerator"


def inference_service(resource: Resource) -> list[JobDraft]:
    """An InferenceService: its components that ask for GPUs."""
    spec = resource.spec
    if spec.at("default", "predictor").value is not None:
        spec = spec.at("default")
    drafts: list[JobDraft] = []
    for name in _COMPONENTS:
        component = spec.at(name)
        found = [*_models(resource, component), *pod_jobs(resource, component)]
        for draft in found:
            _of_component(draft, component)
        drafts += found
    return drafts


def _models(resource: Resource, component: At) -> Iterator[JobDraft]:
    for key in KSERVE_FIELDS:
        model = component.at(key)
        if isinstance(model.value, dict):
            runtime = _runtime(resource, model)
            wanted = _asked(resource, component, model, runtime)
            if wanted is not None:
                yield _model(resource, component, model, runtime, wanted)


def _runtime(resource: Resource, model: At) -> At:
    """The container of the runtime that serves the model, where it stands in the same file."""
    name = model.at("runtime").text
    found = (resource.manifest.find(kind, name) for kind in _RUNTIMES)
    runtime = next((each for each in found if each), None)
    if runtime is None:
        return At(None, model.place)
    containers = runtime.spec.at("containers")
    main = containers.named("kserve-container")
    return main if main.value is not None else next(containers.elements(), main)


def _asked(resource: Resource, component: At, model: At, runtime: At) -> GpusAsked | None:
    """The GPUs of the model, else those of its runtime; on several machines, as many of each as one worker has."""
    own = asked(model, component, resource.manifest)
    if own is not None or model.at("resources").value is not None:
        return own
    worker = next(component.at("workerSpec", "containers").elements(), None)
    for container in (worker, runtime):
        found = asked(container, component, resource.manifest) if container is not None else None
        if found is not None:
            return found
    width = component.at("workerSpec", "tensorParallelSize")
    return GpusAsked(width.whole, width) if width.whole else None


def _model(resource: Resource, component: At, model: At, runtime: At, wanted: GpusAsked) -> JobDraft:
    draft = pod_job(resource, component, model, wanted)
    if runtime.value is not None:
        environment(draft, runtime)
        environment(draft, model)
        image = runtime.at("image")
        if "image" not in draft.value and image.word:
            draft.say("image", image.word, image)
    _command(draft, model, runtime)
    uri = model.at("storageUri")
    if not has_flag(arguments_of(model.at("args")), "model-id") and uri.value is not None:
        say_model(draft, uri)
    for name in FROM_TEMPLATE:
        if name not in draft.value:
            draft.cannot_say.add(name)
    if component.at("serviceAccountName").value is not None or model.at("storage").value is not None:
        draft.cannot_say.add("secrets")
    return draft


def _command(draft: JobDraft, model: At, runtime: At) -> None:
    """What serves the model: its own command, that of the runtime, or the usual one of its format. The arguments of
    the model follow."""
    own, base = arguments_of(model.at("command")), arguments_of(runtime.at("command"))
    given = arguments_of(model.at("args"))
    if own:
        start = own
    elif base or runtime.at("args").value is not None:
        start = [word for word in [*base, *arguments_of(runtime.at("args"))] if "{{" not in word.text]
    else:
        start = _usual(model)
        flag_name = MODEL_FLAGS.get(" ".join(word.text for word in start))
        if flag_name and not has_flag(given, "model-id"):
            start += fetched(model.at("storageUri"), flag_name)
    if start or given:
        run_words(draft, [*start, *given], model)


def _usual(model: At) -> list[Argument]:
    runtime, named = model.at("runtime"), model.at("modelFormat", "name")
    legacy = model.place.rpartition("/")[2]
    for at, command in (
        (runtime, of_runtime(runtime.text)),
        (named, KSERVE.get((named.text or "").lower())),
        (model, KSERVE.get(legacy)),
    ):
        if command is not None:
            return words(command, at)
    return []


def _of_component(draft: JobDraft, component: At) -> None:
    least, most = component.at("minReplicas"), component.at("maxReplicas")
    draft.scale(least.whole, None, least)
    draft.scale(None, most.whole or None, most)
    metric = component.at("scaleMetric").text
    if metric:
        draft.say("deployment.scaled_by", [metric], component.at("scaleMetric"))
    worker = component.at("workerSpec")
    wide, long = worker.at("tensorParallelSize"), worker.at("pipelineParallelSize")
    if long.whole and long.whole > 1:
        draft.say("nodes", long.whole, long)
        draft.say("model.pipeline_parallel", long.whole, long)
    if wide.whole:
        draft.say("model.tensor_parallel", wide.whole, wide)
    label = draft.resource.at.at("metadata", "annotations", _GPU_LABEL)
    if label.word:
        draft.gpu(gpu_name(label.word), label)
        one_cloud(draft, "gcp", label)
    server(draft)
