"""Job → Workload: what the spec says first, then its commands, then the files they name."""

from __future__ import annotations

import os
import posixpath
from collections.abc import Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from gpuspec.catalog import resolve_gpu
from gpuspec.commands.files import Folder, ReadFile
from gpuspec.job.job import Job
from gpuspec.quantization import find_scheme, spelled
from gpuspec.text import pointer
from gpuspec.workload import values as words
from gpuspec.workload.value import Said, Value
from gpuspec.workload.workload import Origin, Workload

if TYPE_CHECKING:
    from gpuspec.commands.shell import Command
    from gpuspec.workload.commands import Reading

_OF_SEVERAL = (
    "SKYPILOT_NUM_NODES", "SKYPILOT_NODE_RANK", "DSTACK_NODES_NUM", "DSTACK_NODE_RANK", "SLURM_NNODES",
    "SLURM_JOB_NUM_NODES", "SLURM_NODEID", "ray start ",
)  # fmt: skip
"""Variables and commands of jobs that are spread over several machines."""

_STAYS = ("", "wait", "sleep", "tail", "fg", "ollama")
"""Commands that stay for as long as a server in the background does."""


def read(job: Job, path: str | None = None, read_file: ReadFile | None = None) -> Workload:
    """What a job does. `path` is the spec's: files beside it that the commands name are read, and nothing else;
    `read_file` reads them instead, from their path relative to the spec. Nothing is executed."""
    said: Said = {}
    others: list[str] = []
    if job.run or job.setup:
        said, others = _commands(job, path, read_file)
    if "model_name" not in said:
        said = {**said, **{k: v for k, v in _serverless(job).items() if k not in said}}
    task = said.pop("task", None)
    modality = said.pop("modality", None)
    said = {**said, **_spec(job)}
    return _workload(job, said, others, task, modality)


def _commands(job: Job, path: str | None, read_file: ReadFile | None) -> tuple[Said, list[str]]:
    from gpuspec.workload.combine import combine
    from gpuspec.workload.commands import Place, Reader

    root = (os.path.dirname(path) or ".") if path and os.path.isfile(path) else None  # not for standard input
    workdir = (job.workdir or "").removeprefix("./")
    env: dict[str, str | None] = {**job.env, **dict.fromkeys(job.secrets)}
    reader = Reader(Folder(root, read_file), env, "" if workdir == "." else workdir)
    # Setup first, for what it downloads, writes and installs; its own servers count last.
    setup = [r for text, at in _setup(job) for r in reader.read(text, Place(at))]
    run = reader.read(job.run, Place(job.pointer("run"))) if job.run else []
    said, others = combine(run, setup)
    if _serves_itself(job, run, reader.last):
        said.pop("task", None)
    _localized(said, job, reader.downloaded)
    if "nodes" not in said and (variable := _several_machines(job.run or "")):
        said["nodes"] = Value(None, variable), Origin("command", variable, job.pointer("run"))
    engine = said["engine"][0].known if "engine" in said else None
    if engine in reader.versions:
        said.setdefault("engine_version", reader.versions[engine])
    return said, others


def _serves_itself(job: Job, run: list[Reading], last: Command | None) -> bool:
    """Whether a server in the background is there for the program that follows it, and nobody else: the job ends
    with that program. Ports say that somebody else calls."""
    from gpuspec.workload.commands import in_background

    servers = [reading for reading in run if reading.task == "serve"]
    if job.ports or last is None or not servers:
        return False
    return all(in_background(server.enclosures) for server in servers) and last.name not in _STAYS


def _several_machines(run: str) -> str | None:
    """What in the commands says that they run on several machines at once, how many the launcher knows."""
    for variable in _OF_SEVERAL:
        at = run.find(variable)
        if at >= 0 and "#" not in run[run.rfind("\n", 0, at) + 1 : at]:
            return variable
    return None


def _setup(job: Job) -> Sequence[tuple[str, str]]:
    if job.steps:
        return [(step.run, step.pointer) for step in job.steps]
    return [(text, job.pointer("setup")) for text in job.setup]


def _localized(said: Said, job: Job, downloaded: dict[str, str]) -> None:
    """A folder that a download fills is the model that was downloaded."""
    if "model_name" not in said or said["model_name"][0].known is None:
        return
    value, origin = said["model_name"]
    folders = dict(downloaded)
    for download in job.downloads:
        if download.target and download.strategy in ("hf", "huggingface"):
            folders[posixpath.normpath(download.target)] = download.source
    path = posixpath.normpath(str(value.known))
    if path in folders:
        said["model_name"] = value._replace(known=folders[path]), origin


def _serverless(job: Job) -> Said:
    """GPU CLI's `serverless` with RunPod's vLLM worker: the model in its environment, else the one it prewarms."""
    block = job.serverless
    if block is None or block.template != "vllm":
        return {}
    from gpuspec.engines.serving import VLLM, WORKER_ENV
    from gpuspec.workload.arguments import convert

    said: Said = {}
    for key, meaning in WORKER_ENV.items():
        value = block.env.get(key)
        if isinstance(value, (str, int, float)) and not isinstance(value, bool):
            field, _, kind = meaning.partition(":")
            origin = Origin("spec", f"{key}={value}", job.pointer("serverless.env") + pointer(key))
            said[field] = convert(kind, str(value), origin.text, VLLM), origin
    if "model_name" not in said and len(block.models) == 1:
        (model,) = block.models
        origin = Origin("spec", model, job.pointer("serverless.models") + "/0")
        said["model_name"] = Value(words.name(model), model), origin
    if "model_name" in said:
        origin = Origin("spec", "vllm", job.pointer("serverless.template"))
        said["engine"] = Value("vllm", "vllm"), origin
        said["task"] = Value("serve", "vllm"), origin
    return said


def _spec(job: Job) -> Said:
    """The spec's `model`, which nothing overrides."""
    if job.model is None:
        return {}
    found: dict[str, Any] = {**job.model._asdict(), "model_name": job.model.id}
    del found["id"], found["resolution"]
    if found["dtype"] is not None:
        low = str(found["dtype"]).lower()
        found["quantization"] = found["quantization"] or spelled(low)
        found["dtype"] = words.dtype(low)
    if found["quantization"]:
        plain = str(found["quantization"])
        found["quantization"] = spelled(plain) or words.dtype(plain) or plain.lower()
    if job.model.resolution:
        found["width"], found["height"] = job.model.resolution
    said: Said = {}
    for field, value in found.items():
        if value is not None:
            written = {"model_name": "id", "width": "resolution", "height": "resolution"}.get(field, field)
            at = job.pointers.get(f"model.{written}") or job.pointer("model")
            said[field] = Value(value, str(value)), Origin("spec", str(value), at)
    return said


def _gpus(job: Job) -> int | None:
    """The number of GPUs, where every choice has the same. It may stand in the name: "A100:8"."""
    counts = {
        choice.gpu_count or resolve_gpu(choice.name).gpu_count or job.gpu_count or 1
        for choice in job.gpu_types
    }
    return counts.pop() if len(counts) == 1 else job.gpu_count if not counts else None


def _workload(
    job: Job,
    said: Said,
    others: list[str],
    task: tuple[Value, Origin] | None,
    modality: tuple[Value, Origin] | None,
) -> Workload:
    from gpuspec.workload.settle import layers_left, resolved, settle

    origins = {field: origin for field, (_, origin) in said.items()}
    settled = settle({field: value for field, (value, _) in said.items()})
    engine = settled["engine"].known if "engine" in settled else None
    name = settled["model_name"].known if "model_name" in settled else None
    match = resolved(name, engine)
    if match:
        layers_left(settled, match)
        _from_name(settled, match.quantization, name, engine, origins)
    follows = tuple(field for field, value in settled.items() if value.gpus)
    known: dict[str, Any] = {
        field: _gpus(job) if value.gpus else value.known
        for field, value in settled.items()
        if field in Workload._fields
    }
    if match:
        model = match.model
        known["model"] = model
        known.setdefault("params_b", match.params_b if model is None else model.params_b)
        if model is not None:
            modality = Value(model.modality, name or ""), Origin("catalog", model.id)
    for field, value in settled.items():
        origins.setdefault(field, _origin_of(value, origins))
    told = _task(job, task)
    if told:
        known["task"], origins["task"] = told
    if modality:
        known["modality"], origins["modality"] = modality[0].known, modality[1]
    kept = {field: origin for field, origin in origins.items() if field in known}
    return Workload(**known, other_models=tuple(others), follows_gpus=follows, origins=MappingProxyType(kept))


def _origin_of(value: Value, origins: dict[str, Origin]) -> Origin:
    """A field that was put together takes the origin of the argument that it came from."""
    return next(
        (origin for origin in origins.values() if origin.text == value.text), Origin("command", value.text)
    )


def _from_name(
    settled: dict[str, Value],
    scheme: str | None,
    name: str | None,
    engine: str | None,
    origins: dict[str, Origin],
) -> None:
    """The quantization that the model's name states, where no flag did."""
    said = settled.get("quantization")
    if said is not None and (said.known is not None or "…" in said.text):
        return
    if (
        engine == "llama.cpp"
        and scheme == "gguf"
        and "-hf" in origins.get("model_name", Origin("default")).text
    ):
        scheme = "gguf:Q4_K_M"  # llama.cpp's --help: the quantization of -hf defaults to it
    if scheme is None:
        return
    settled["quantization"] = Value(scheme, name or "")
    origins["quantization"] = Origin("name", name or "", origins["model_name"].pointer)
    method = settled.get("method")
    if method and method.known == "lora" and find_scheme(scheme).four_bit:
        settled["method"] = method._replace(known="qlora")


def _task(job: Job, said: tuple[Value, Origin] | None) -> tuple[str, Origin] | None:
    if job.task:
        return job.task, Origin("spec", job.task, job.pointer("task"))
    if job.items and not (said and said[0].known == "train"):
        return "batch", Origin("spec", "items", job.pointer("items"))
    if said and said[0].known:
        return said[0].known, said[1]
    return None
