"""Job → Workload: what the spec says first, then its commands, then the files they name."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from gpuspec.catalog import Catalog, ModelMatch
from gpuspec.job.job import Job
from gpuspec.numerals import SECONDS, number_of
from gpuspec.quantization import find_scheme, spelled
from gpuspec.text import pointer
from gpuspec.workload import values as conversions
from gpuspec.workload.limits import exceeded
from gpuspec.workload.value import Value, Values
from gpuspec.workload.workload import Origin, Workload

if TYPE_CHECKING:
    from gpuspec.commands.steps import Step
    from gpuspec.workload.uses import Use

_PLACEHOLDER = re.compile(r"[$<>{}]|^(?:your|my)[-_]model|fill[-_]me|_HERE\b", re.I)
"""What a template, envsubst or the reader of an example is still to put in the place of."""
_SIGNS = (":", "gguf", "mlx", "exl", "lora", "adapter", "hf.co/", "huggingface.co/")
"""Of these a name has one that an engine of safetensors may not be able to load."""
SHORTEST_WAIT = 3600
"""Seconds of `sleep` from which on it waits for somebody, not for something."""
_STAYS = ("", "wait", "sleep", "tail", "fg")
"""Commands that stay for as long as a server in the background does."""


def read(job: Job, steps: Sequence[Step] = (), *, catalog: Catalog) -> Workload:
    """What a job does. `steps` are its commands, as `gpuspec.commands.steps.read_steps` gives them; `catalog`
    knows the models and GPUs that they name."""
    values, others = _commands(job, steps) if steps else ({}, [])
    _at_variables(values, job)
    if "model_name" not in values:
        values = {**_serverless(job), **values}
    if job.deployment is not None and not {"model_name", "engine"} & values.keys():
        from gpuspec.workload.variables import model_by_variable

        values = {**values, **model_by_variable(job)}
    task = values.pop("task", None)
    modality = values.pop("modality", None)
    said = _spec(job)
    if (
        "concurrency" in said
        and "concurrency" in values
        and said["concurrency"].known == values["concurrency"].known
    ):
        del said["concurrency"]  # as many as are expected are let in: the command's is a limit, too
    return _workload(job, {**values, **said}, others, task, modality, catalog=catalog)


def _commands(job: Job, steps: Sequence[Step]) -> tuple[Values, list[str]]:
    from gpuspec.workload.fetched import downloaded, installed
    from gpuspec.workload.merge import merge, several_machines
    from gpuspec.workload.uses import use_of

    # A server that setup starts counts after all that `run` does.
    setup = [use for step in steps if step.setup and (use := use_of(step))]
    run = [use for step in steps if not step.setup and (use := use_of(step))]
    folders = downloaded(steps)
    for use in (*run, *setup):
        _localized(use.values, job, folders, use.command.folder)
    values, others = merge(run, setup)
    if _serves_itself(job, run, steps):
        values.pop("task", None)
    if "nodes" not in values and (variable := several_machines(job.run or "")):
        values["nodes"] = Value(None, Origin("command", variable, job.pointer("run")))
    engine = values["engine"].known if "engine" in values else None
    versions = installed(steps)
    if engine in versions:
        values.setdefault("engine_version", versions[engine])
    if job.image and engine:
        _of_image(values, job, engine)
    _unless_told(values)
    if not run and "task" not in values and (waits := _waits(steps)):
        values["task"] = waits
    return values, others


def _waits(steps: Sequence[Step]) -> Value | None:
    """That the commands end with waiting for whoever comes in: `sleep infinity`, or for an hour and more."""
    last = next((step for step in reversed(steps) if not step.setup), None)
    words = [word.text for word in last.command.words] if last else []
    if last is None or len(words) < 2 or any(_may_be_the_work(step) for step in steps if step is not last):
        return None
    long = words[0] == "sleep" and seconds_of_sleep(words[1]) >= SHORTEST_WAIT
    if long or (words[0] == "tail" and words[1].lower() == "-f"):
        return Value("interactive", Origin("command", " ".join(words[:2]), last.pointer))
    return None


def _may_be_the_work(step: Step) -> bool:
    """Whether a command runs a program of the author's own, of which nothing is known."""
    from gpuspec.commands.word import UNKNOWN
    from gpuspec.engines.launchers import LAUNCHERS

    name = step.command.name
    return not step.setup and (
        name.startswith(("python", "./", "/")) or name == UNKNOWN or any(key[0] == name for key in LAUNCHERS)
    )


def seconds_of_sleep(word: str) -> float:
    """What `sleep` makes of its argument; 0 where that is not known."""
    if word in ("infinity", "inf"):
        return float("inf")
    unit = SECONDS.get(word[-1:], 0) if word[-1:] != "w" else 0
    number = number_of(word[:-1] if unit else word)
    return (number or 0.0) * (unit or 1)


def _of_image(values: Values, job: Job, engine: str) -> None:
    """What the name and the tag of the container's image say of the engine that runs in it."""
    from gpuspec.engines.images import engine_in, model_in, version_in

    image = job.image or ""
    origin = Origin("spec", image, job.pointer("image"))
    row = engine_in(image)
    if row is None or row.name != engine:
        return
    version = version_in(image, engine)
    if version:
        values.setdefault("engine_version", Value(version, origin))
    model = model_in(image)
    if model:
        values.setdefault("model_name", Value(model, origin))


def _at_variables(values: Values, job: Job) -> None:
    """What a variable of the container says stands at that variable, where the file has a place for each."""
    for field, value in values.items():
        name, equals, _ = value.origin.text.partition("=")
        at = job.pointers.get(f"env.{name}")
        if equals and at and value.origin.path is None and f"{name}=" not in (job.run or ""):
            values[field] = value._replace(origin=value.origin._replace(pointer=at))


def _unless_told(values: Values) -> None:
    """What a trainer does by itself in its version where nothing says otherwise."""
    from gpuspec.engines import engine_of
    from gpuspec.engines.engine import before

    given, engine = values.get("engine_version"), values.get("engine")
    version = given.known if given else None
    left = values.pop("dtype_left", None)
    if left and engine and version and not {"dtype", "quantization"} & values.keys():
        widens = engine_of(engine.known).memory.widens_before
        if widens and before(version, widens):
            values["dtype"] = left._replace(known="fp32")
    habits = engine_of(engine.known).training.unless_told if engine else ()
    own = [habit for since, habit in habits if not before(version, since)]
    if engine and own and "task" in values and values["task"].known == "train":
        for field, known in own[-1].items():
            values.setdefault(field, engine._replace(known=known))


def _serves_itself(job: Job, run: list[Use], steps: Sequence[Step]) -> bool:
    """Whether a server in the background is there for the program that follows it, and nobody else: the job ends
    with that program. Ports say that somebody else calls."""
    servers = [use for use in run if use.task == "serve"]
    if job.ports or not servers or not all(use.command.in_background for use in servers):
        return False
    waited = [step.command.name for step in steps if not (step.setup or step.command.in_background)]
    from gpuspec.engines import engine_of

    return bool(waited) and waited[-1] not in _STAYS and not engine_of(waited[-1]).also_client


def _localized(values: Values, job: Job, folders: dict[str, str], within: str) -> None:
    """A folder that a download fills is the model that was downloaded. `within`: where the command runs that names
    it."""
    value = values.get("model_name")
    if value is None or value.known is None:
        return
    from gpuspec.workload.fetched import place_of

    folders = dict(folders)
    for download in job.downloads:
        if download.target and download.strategy in ("hf", "huggingface"):
            folders[posixpath.normpath(download.target)] = download.source
    for path in (place_of(str(value.known), within), posixpath.normpath(str(value.known))):
        if path in folders:
            values["model_name"] = value._replace(known=folders[path])
            return


def _serverless(job: Job) -> Values:
    """GPU CLI's `serverless` with RunPod's worker: the model in its environment, else the one it prewarms."""
    block = job.serverless
    if block is None:
        return {}
    from gpuspec.engines import engine_of
    from gpuspec.workload.arguments import convert

    engine = engine_of(block.template)

    values: Values = {}
    for key, meaning in engine.worker_env.items():
        value = block.env.get(key)
        if isinstance(value, (str, int, float)) and not isinstance(value, bool):
            field, _, kind = meaning.partition(":")
            origin = Origin("spec", f"{key}={value}", job.pointer("serverless.env") + pointer(key))
            values[field] = convert(kind, str(value), origin.text, engine.tool)._replace(origin=origin)
    if engine.worker_env and "model_name" not in values and len(block.models) == 1:
        (model,) = block.models
        origin = Origin("spec", model, job.pointer("serverless.models") + "/0")
        values["model_name"] = Value(conversions.name(model), origin)
    if "model_name" in values:
        origin = Origin("spec", engine.name, job.pointer("serverless.template"))
        values["engine"] = Value(engine.name, origin)
        values["task"] = Value("serve", origin)
    return values


def _spec(job: Job) -> Values:
    """The spec's `model` and `nodes`, which nothing overrides."""
    machines: Values = {}
    if job.nodes is not None:
        machines["nodes"] = Value(job.nodes, Origin("spec", str(job.nodes), job.pointer("nodes")))
    if job.model is None:
        return machines
    found: dict[str, Any] = {**job.model._asdict(), "model_name": job.model.id}
    del found["id"], found["resolution"]
    if found["dtype"] is not None:
        low = str(found["dtype"]).lower()
        found["quantization"] = found["quantization"] or spelled(low)
        found["dtype"] = conversions.dtype(low)
    if found["quantization"]:
        plain = str(found["quantization"])
        found["quantization"] = spelled(plain) or conversions.dtype(plain) or plain.lower()
    if job.model.resolution:
        found["width"], found["height"] = job.model.resolution
    values = machines
    for field, value in found.items():
        if value is not None:
            written = {"model_name": "id", "width": "resolution", "height": "resolution"}.get(field, field)
            at = job.pointers.get(f"model.{written}") or job.pointer("model")
            values[field] = Value(value, Origin("spec", str(value), at))
    return values


def _gpus(job: Job, catalog: Catalog) -> int | None:
    """The number of GPUs, where every choice has the same. It may stand in the name: "A100:8"."""
    counts = {
        choice.gpu_count or catalog.resolve_gpu(choice.name).gpu_count or job.gpu_count or 1
        for choice in job.gpu_types
    }
    return counts.pop() if len(counts) == 1 else job.gpu_count if not counts else None


def _workload(
    job: Job,
    given: Values,
    others: list[str],
    task: Value | None,
    modality: Value | None,
    *,
    catalog: Catalog,
) -> Workload:
    from gpuspec.workload.derive import derive, is_path, layers_left, resolved

    values = derive(given)
    written = values.get("model_name")
    if written and _PLACEHOLDER.search(str(written.known or "")):
        values["model_name"] = written._replace(known=None)
    engine = values["engine"].known if "engine" in values else None
    name = values["model_name"].known if "model_name" in values else None
    match = resolved(name, engine, catalog)
    if name and is_path(name) and (match is None or match.model is None):
        match = _as_served(values, catalog) or match
    if refused := _refused(values, name, engine, match):
        values["not_loadable"] = refused
        match = None
    if match:
        layers_left(values, match)
        _from_name(values, match.quantization, name, engine)
    beyond = {field: most for field, value in values.items() if (most := exceeded(field, value.known))}
    values.update({field: values[field]._replace(known=None) for field in beyond})
    follows = tuple(field for field, value in values.items() if value.gpus)
    known: dict[str, Any] = {
        field: _gpus(job, catalog) if value.gpus else value.known
        for field, value in values.items()
        if field in Workload._fields
    }
    origins = {field: values[field].origin for field in known}
    if match:
        model = match.model
        known["model"] = model
        known.setdefault("params_b", match.params_b if model is None else model.params_b)
        if model is None and known["params_b"] == match.params_b:
            known["active_b"] = match.active_params_b
        if model is not None:
            modality = Value(model.modality, Origin("catalog", model.id))
    if known.get("draft"):
        known["draft"] = _drafting(known["draft"], engine, catalog)
    task = _task(job, task)
    users = job.users and Value(_users_of_each(job), Origin("spec", str(job.users), job.pointer("users")))
    for field, value in (("task", task), ("modality", modality), ("users", users)):
        if value:
            known[field], origins[field] = value.known, value.origin
    return Workload(
        **known,
        other_models=tuple(others),
        follows_gpus=follows,
        beyond=beyond or None,
        origins=MappingProxyType(origins),
    )


def _refused(values: Values, name: str | None, engine: str | None, match: ModelMatch | None) -> Value | None:
    """That an engine cannot load a model of this name, which a command gives it, and why; None where it may."""
    given = values.get("model_name")
    if not name or not engine or given is None or given.origin.kind not in ("command", "file"):
        return None
    from gpuspec.engines import engine_of

    row = engine_of(engine)
    if not (row.weights == "GGUF" or any(sign in name.lower() for sign in _SIGNS)):
        return None
    from gpuspec.workload.loadable import why_not

    why = why_not(name, row, match)
    return given._replace(known=why) if why else None


def _as_served(values: Values, catalog: Catalog) -> ModelMatch | None:
    """What the name means under which a folder that nobody knows is served (`--served-model-name`); None where it is
    no model's."""
    served = values["served_name"].known if "served_name" in values else None
    match = catalog.resolve_model(served, suggest=False) if served else None
    return match if match is not None and match.model is not None and match.relation != "fine-tune" else None


def _drafting(name: str, engine: str | None, catalog: Catalog) -> Workload:
    """The model of this name, as what drafts for another."""
    from gpuspec.workload.derive import resolved

    match = resolved(name, engine, catalog)
    if match is None:
        return Workload(model_name=name)
    size = match.params_b if match.model is None else match.model.params_b
    return Workload(model=match.model, model_name=name, params_b=size, quantization=match.quantization)


def _leaves_bits_open(given: Value, named: str) -> bool:
    """Whether a quantization was asked for by its family alone (`gptq`), and a name states other bits of it."""
    asked, stated = find_scheme(given.known), find_scheme(named)
    if not asked.family or asked.family != stated.family or asked.width == stated.width:
        return False
    return re.search(r"[0-9]", given.text.replace("=", " ").split(" ")[-1]) is None


def _from_name(values: Values, scheme: str | None, name: str | None, engine: str | None) -> None:
    """The quantization that the model's name states, where no flag did, or one that leaves the bits open."""
    given = values.get("quantization")
    if given is not None and (given.known is not None or "…" in given.text):
        if scheme and given.known and _leaves_bits_open(given, scheme):
            values["quantization"] = given._replace(known=scheme)
        return
    model = values["model_name"].origin
    if engine and scheme == "gguf":
        from gpuspec.engines import engine_of

        flag, default = engine_of(engine).hub_default or ("", scheme)
        scheme = default if flag in model.text else scheme
    if scheme is None:
        return
    values["quantization"] = Value(scheme, Origin("name", name or "", model.pointer))
    method = values.get("method")
    if method and method.known == "lora" and find_scheme(scheme).four_bit:
        values["method"] = method._replace(known="qlora")


def _users_of_each(job: Job) -> int | None:
    """The users that one machine must serve at once: the replicas of a service share them."""
    replicas = job.scaling.replicas[1] if job.scaling and job.task in (None, "serve") else 1
    return job.users and -(-job.users // replicas)


def _task(job: Job, given: Value | None) -> Value | None:
    if job.task:
        return Value(job.task, Origin("spec", job.task, job.pointer("task")))
    if job.items and not (given and given.known == "train"):
        return Value("batch", Origin("spec", "items", job.pointer("items")))
    if given and given.known and (given.known, job.usual_task) != ("batch", "serve"):
        return given  # what is there for callers serves them, whatever library it does so by
    return Value(job.usual_task, Origin("spec", "", job.pointer("usual_task"))) if job.usual_task else None
