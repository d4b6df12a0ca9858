"""KAITO, the AI toolchain operator of AKS: Workspace, InferenceSet, MultiRoleInference, RAGEngine. A Workspace has no
`spec`.

Fields: kaito-project/kaito, api/v1beta1 and v1alpha1; November 2026."""

from typing import Any

from gpuspec.engines.operators import KAITO, KAITO_SPREADS, KAITO_USUAL
from gpuspec.formats.command import Argument
from gpuspec.formats.kubernetes.at import At
from gpuspec.formats.kubernetes.draft import JobDraft
from gpuspec.formats.kubernetes.gpus import GpusAsked
from gpuspec.formats.kubernetes.manifest import Manifest, Resource
from gpuspec.formats.kubernetes.pods import gpu_containers, pod_job
from gpuspec.formats.kubernetes.serving import (
    FROM_TEMPLATE,
    fetched,
    flag,
    in_text,
    on_instance,
    run_words,
    server,
    words,
)
from gpuspec.formats.kubernetes.workloads import copies

_RUNTIME = "kaito.sh/runtime"


def workspace(resource: Resource) -> list[JobDraft]:
    """A Workspace: one model served or tuned on the machines of `resource`."""
    return _workspace(resource, resource.at)


def inference_set(resource: Resource) -> list[JobDraft]:
    """An InferenceSet: so many Workspaces of one template, on `nodeCountLimit` machines at most."""
    spec = resource.spec
    drafts = _workspace(resource, spec.at("template"))
    each = spec.at("template", "resource", "count").whole or 1
    for draft in drafts:
        draft.scale(spec.at("replicas").whole, None, spec.at("replicas"))
        limit = spec.at("nodeCountLimit")
        most = limit.whole // each if limit.whole else spec.at("replicas").whole
        draft.scale(None, most, limit if limit.whole else spec.at("replicas"))
    return drafts


def _workspace(resource: Resource, at: At) -> list[JobDraft]:
    machine, inference, tuning = (at.at(key) for key in ("resource", "inference", "tuning"))
    template = inference.at("template", "spec")
    drafts = []
    if template.at("containers").value is not None:
        asking: list[tuple[At, GpusAsked | None]] = [*gpu_containers(template, resource.manifest)]
        # where none says how many, the machine's are there for the first
        for container, wanted in asking or [
            (first, None) for first in [*template.at("containers").elements()][:1]
        ]:
            drafts.append(pod_job(resource, template, container, wanted))
            server(drafts[-1])
    elif tuning.value is not None:
        drafts.append(_tuned(resource, machine, tuning))
    elif inference.at("preset", "name").value is not None:
        drafts.append(_served(resource, machine, inference))
    for draft in drafts:
        on_instance(draft, machine.at("instanceType"))
        draft.say("nodes", machine.at("count").whole or None, machine.at("count"))
    return drafts


def _served(resource: Resource, machine: At, inference: At) -> JobDraft:
    draft = JobDraft(resource, machine)
    preset = inference.at("preset", "name")
    draft.say("model.id", preset.word, preset)
    _preset(draft, inference.at("preset"))
    runtime = resource.at.at("metadata", "annotations", _RUNTIME)
    named = KAITO.get((runtime.text or KAITO_USUAL).lower())
    if named:
        start = words(named, runtime if runtime.text else preset)
        run_words(draft, [*start, *_config(resource.manifest, inference.at("config"), runtime.text)], preset)
    server(draft)
    return draft


def _preset(draft: JobDraft, preset: At) -> None:
    draft.cannot_say.update(FROM_TEMPLATE)
    if preset.at("presetOptions", "modelAccessSecret").value is not None:
        draft.cannot_say.add("secrets")


def _config(manifest: Manifest, name: At, runtime: str | None) -> list[Argument]:
    """The flags in the ConfigMap of the same file: `inference_config.yaml` holds a map of them for each runtime."""
    at = _file(manifest, name, "inference_config.yaml")
    value = _inside(at)
    flags = value.get((runtime or KAITO_USUAL).lower()) if isinstance(value, dict) else None
    found: list[Argument] = []
    if isinstance(flags, dict):
        for key, said in list(flags.items())[:100]:
            if isinstance(key, str) and key.strip():
                place = At(said, in_text(manifest.tree, at, said, f"{key}:"))
                found += flag(f"--{key}", said, place)
    return found


def _file(manifest: Manifest, name: At, key: str) -> At:
    found = manifest.find("ConfigMap", name.text)
    return found.at.at("data", key) if found else At(None, name.place)


def _inside(at: At) -> Any:
    """What a text that is a YAML file holds."""
    from gpuspec.text.yaml_tree import read_yaml_file

    documents = read_yaml_file(at.text).documents if at.text else ()
    return documents[0].value if documents else None


def _tuned(resource: Resource, machine: At, tuning: At) -> JobDraft:
    draft = JobDraft(resource, machine)
    preset, method = tuning.at("preset", "name"), tuning.at("method")
    draft.say("task", "train", tuning)
    draft.say("model.id", preset.word, preset)
    said = (method.text or "").lower()
    if said in ("lora", "qlora"):
        draft.say("model.method", said, method)
    _preset(draft, tuning.at("preset"))
    draft.cannot_say.update({"outputs", "budget.max_hours"})
    at = _file(resource.manifest, tuning.at("config"), "training_config.yaml")
    value = _inside(at)
    config = value.get("training_config") if isinstance(value, dict) else None
    for part, key, field in _TRAINING:
        group = config.get(part) if isinstance(config, dict) else None
        number = group.get(key) if isinstance(group, dict) else None
        if isinstance(number, int) and 0 < number < 1 << 20 and not isinstance(number, bool):
            draft.say(
                f"model.{field}", number, At(number, in_text(resource.manifest.tree, at, number, f"{key}:"))
            )
    return draft


_TRAINING = (
    ("LoraConfig", "r", "lora_rank"),
    ("TrainingArguments", "per_device_train_batch_size", "batch"),
    ("TrainingArguments", "gradient_accumulation_steps", "gradient_accumulation"),
)


def multi_role(resource: Resource) -> list[JobDraft]:
    """A MultiRoleInference: prefill and decode of one model. How many machines each takes KAITO works out."""
    drafts = []
    model = resource.spec.at("model", "name")
    for role in resource.spec.at("roles").elements():
        draft = JobDraft(resource, role)
        draft.say("model.id", model.word, model)
        start = words(KAITO[KAITO_USUAL], model)
        run_words(draft, [*start, *fetched(model), *words(KAITO_SPREADS, role)], model)
        on_instance(draft, role.at("instanceType"))
        copies(draft, role.at("replicas"))
        draft.cannot_say.update(FROM_TEMPLATE | {"secrets", "nodes"})
        server(draft)
        drafts.append(draft)
    return drafts


def rag_engine(resource: Resource) -> list[JobDraft]:
    """A RAGEngine: an embedding model on a machine of its own, where that has a GPU."""
    compute = resource.spec.at("compute")
    draft = JobDraft(resource, compute)
    on_instance(draft, compute.at("instanceType"))
    if "gpu_types" not in draft.value:
        return []
    model = resource.spec.at("embedding", "local", "modelID")
    draft.say("model.id", model.word, model)
    draft.say("nodes", compute.at("count").whole or None, compute.at("count"))
    draft.cannot_say.update(FROM_TEMPLATE)
    server(draft)
    return [draft]
