"""Ray Serve's applications, which stand as YAML in a string of a RayService.

LLMs: https://docs.ray.io/en/latest/serve/llm/; the variables of KubeRay's own vLLM sample: MODEL_ID,
TENSOR_PARALLELISM, PIPELINE_PARALLELISM (ray-operator/config/samples/vllm, read 2026-11-30)."""

import copy
from collections.abc import Iterator

from gpuspec.engines import USUAL_SERVER
from gpuspec.engines.operators import USUAL
from gpuspec.formats.command import Argument
from gpuspec.formats.kubernetes.at import At
from gpuspec.formats.kubernetes.draft import JobDraft
from gpuspec.formats.kubernetes.manifest import Resource
from gpuspec.formats.kubernetes.serving import flag, run_words, words
from gpuspec.text.tree import Span, Tree

_BUILDS_WITH_VLLM = {
    "MODEL_ID": "model",
    "TENSOR_PARALLELISM": "tensor_parallel_size",
    "PIPELINE_PARALLELISM": "pipeline_parallel_size",
}
_OWN = frozenset({"hf_token", "distributed_executor_backend"})


class Application:
    """What serves one model: the arguments of its engine, the GPU it asks for and its copies."""

    def __init__(self, model: At, arguments: dict[str, At]) -> None:
        self.model = model
        self.arguments = arguments
        self.gpu: At | None = None
        self.copies: At | None = None


def served(resource: Resource, drafts: list[JobDraft]) -> list[JobDraft]:
    """The jobs of a service: those of its groups of GPUs, with the models that they serve; one a model where there
    are several models."""
    found = _applications(resource)
    if not found or not drafts:
        return drafts
    if len(found) == 1:
        for draft in drafts:
            _serve(draft, found[0])
        return drafts
    several = []
    for application in found[:100]:
        draft = copy.copy(drafts[0])
        for name in ("value", "places", "pieces"):
            setattr(draft, name, copy.deepcopy(getattr(draft, name)))
        draft.at = application.model
        draft.places[""] = application.model.place
        _serve(draft, application)
        several.append(draft)
    return several


def _serve(draft: JobDraft, application: Application) -> None:
    run_words(draft, _command(application), application.model)
    draft.say("deployment.packs_replicas", True, application.model)
    if application.gpu is not None and application.gpu.word and "gpu_types" not in draft.value:
        draft.gpu(application.gpu.word, application.gpu)
    if application.copies is not None:
        least, most = (application.copies.at(key) for key in ("min_replicas", "max_replicas"))
        if least.whole is not None or most.whole is not None:
            draft.unsay("scaling")
            draft.scale(least.whole, None, least)
            draft.scale(None, most.whole, most)


def _command(application: Application) -> list[Argument]:
    """The arguments of the engine as the usual server's own command says them, each with its place."""
    model = application.model
    given = [*words(USUAL, model), Argument(str(model.value), model.place)]
    for name, at in application.arguments.items():
        written = name.replace("_", "-")
        if name in _OWN:
            continue
        if at.value is False:
            given.append(Argument(f"--no-{written}", at.place))
        else:
            given += flag(f"--{written}", at.value, at)
    return given


def _applications(resource: Resource) -> list[Application]:
    config = resource.spec.at("serveConfigV2")
    tree = resource.manifest.tree
    found = []
    for inner in _inside(tree, config):
        for application in inner.at("applications").elements():
            llms = list(application.at("args", "llm_configs").elements())
            found += [each for llm in llms if (each := _llm(llm)) is not None]
            if not llms and (each := _own(application)) is not None:
                found.append(each)
    return found


def _llm(config: At) -> Application | None:
    loading = config.at("model_loading_config")
    source, name = loading.at("model_source"), loading.at("model_id")
    model = source if source.word else name
    if not model.word:
        return None
    made = Application(model, dict(config.at("engine_kwargs").members()))
    made.gpu = config.at("accelerator_type")
    made.copies = config.at("deployment_config", "autoscaling_config")
    return made


def _own(application: At) -> Application | None:
    """An application of the author's own, that tells its arguments and variables to vLLM."""
    environment = application.at("runtime_env")
    arguments = {
        flag: at
        for name, at in environment.at("env_vars").members()
        if (flag := _BUILDS_WITH_VLLM.get(name)) and at.word
    }
    arguments |= {
        name: at
        for name, at in application.at("args").members()
        if name != "model_id" and at.word is not None
    }
    model = arguments.pop("model", None) or application.at("args", "model_id")
    if not model.word or "/" not in model.word:
        return None
    said = f"{application.at('import_path').value} {environment.at('pip').value}"
    return Application(model, arguments) if USUAL_SERVER in said else None


def _inside(tree: Tree, config: At) -> Iterator[At]:
    """The YAML in a string, with places below that of the string: a value is found again where it stands after the
    one before it."""
    if config.text is None:
        if isinstance(config.value, dict):
            yield config
        return
    from gpuspec.text.yaml_tree import read_yaml_file

    inner = read_yaml_file(config.value)
    for document in inner.documents:
        if document.problem is None:
            _place(tree, inner.tree, config)
            place = f"{config.place}/@{document.place}"
            yield At(document.value, place)


def _place(tree: Tree, inner: Tree, config: At) -> None:
    span = tree.values.get(config.place)
    if span is None:
        return
    at = span.start
    for pointer, place in sorted(inner.values.items(), key=lambda item: item[1].start):
        text = inner.text[place.start : place.end]
        if "\n" in text:
            continue
        found = tree.text.find(text, at, span.end)
        if found >= 0:
            at = found
            tree.values[f"{config.place}/@{pointer}"] = Span(found, found + len(text))
