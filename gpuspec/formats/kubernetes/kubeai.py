"""Operators whose one object is a model: kubeai's Model, the Ollama operator's Model.

Fields: docs.kubeai.org/reference/kubernetes-api, ollama-operator's api/ollama/v1; November 2026."""

from gpuspec.engines.operators import KUBEAI, MODEL_FLAGS, OLLAMA
from gpuspec.formats.command import Argument
from gpuspec.formats.kubernetes.at import At, unfilled
from gpuspec.formats.kubernetes.draft import JobDraft
from gpuspec.formats.kubernetes.environment import environment
from gpuspec.formats.kubernetes.gpus import asked
from gpuspec.formats.kubernetes.manifest import Resource
from gpuspec.formats.kubernetes.pods import ask, of_pod
from gpuspec.formats.kubernetes.serving import (
    FROM_TEMPLATE,
    arguments_of,
    fetched,
    model_of,
    run_words,
    say_model,
    server,
    words,
)
from gpuspec.formats.kubernetes.workloads import copies
from gpuspec.numerals import small_number

_MAKERS = ("nvidia-gpu-", "amd-gpu-")
_NO_GPU = ("cpu", "google-tpu", "tpu")


def model(resource: Resource) -> list[JobDraft]:
    """kubeai's Model: `resourceProfile: nvidia-gpu-l4:2` is two GPUs, `cpu:4` none. Profiles of one's own may be
    called anything: their GPU is not known."""
    spec = resource.spec
    profile = spec.at("resourceProfile")
    name, _, number = (profile.text or "").partition(":")
    if not name or unfilled(name) or name.lower().startswith(_NO_GPU):
        return []
    draft = JobDraft(resource, spec)
    count = small_number(number) if number else 1
    if name.startswith(_MAKERS) or "gpu" in name:
        draft.say("gpu_count", count, profile)
    maker = next((maker for maker in _MAKERS if name.startswith(maker)), None)
    if maker:
        draft.gpu(name.removeprefix(maker).replace("-", " "), profile)
    environment(draft, spec)
    image = spec.at("image")
    draft.say("image", image.word, image)
    engine = spec.at("engine")
    start = KUBEAI.get((engine.text or "").lower())
    given = arguments_of(spec.at("args"))
    if start:
        _run(draft, start, engine, given)
    say_model(draft, spec.at("url"))
    least, most, fixed = (spec.at(key) for key in ("minReplicas", "maxReplicas", "replicas"))
    draft.scale(least.whole, most.whole, least if least.value is not None else most)
    if least.value is None and most.value is None:
        copies(draft, fixed)
    kept = spec.at("cacheProfile")
    if kept.word:
        draft.say("deployment.mounts", [{"path": "/models", "lasts": True, "source": kept.word}], kept)
    delay = spec.at("scaleDownDelaySeconds").whole
    if delay:
        draft.say("scaling.idle_minutes", delay / 60, spec.at("scaleDownDelaySeconds"))
    draft.cannot_say.update(FROM_TEMPLATE | {"secrets", "scaling.idle_minutes"})
    server(draft)
    return [draft]


def _run(draft: JobDraft, start: str, at: At, given: list[Argument]) -> None:
    """What the engine of a model starts. `ollama run` is followed by the model's name, not by flags."""
    url = draft.resource.spec.at("url")
    named = model_of(url)
    name = fetched(url, MODEL_FLAGS.get(start, ""))
    if named and start == OLLAMA:
        name = [Argument(named, url.place)]
    run_words(draft, [*words(start, at), *name, *given], at)


def ollama_model(resource: Resource) -> list[JobDraft]:
    """The Ollama operator's Model: `image` is a model of Ollama's library."""
    spec = resource.spec
    wanted = asked(spec, spec, resource.manifest)
    if wanted is None:
        return []
    draft = JobDraft(resource, spec)
    ask(draft, wanted)
    of_pod(draft, spec.at("podTemplate", "spec"), At(None, spec.place), wanted)
    name = spec.at("image")
    if name.word:
        run_words(draft, [*words(OLLAMA, name), Argument(name.word, name.place)], name)
    copies(draft, spec.at("replicas"))
    draft.cannot_say.update(FROM_TEMPLATE)
    server(draft)
    return [draft]
