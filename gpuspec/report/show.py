"""What was understood of a job file: each value and where it stands; apart from them, what was derived or assumed."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache, partial
from typing import Any

from gpuspec.catalog.gpu_names import split_count
from gpuspec.commands.files import Folder
from gpuspec.engines import engine_of
from gpuspec.job import GpuChoice, Job
from gpuspec.lint.secrets import masked
from gpuspec.planning.case import Case
from gpuspec.quantization import find_scheme, spelled
from gpuspec.report.own_words import in_own_words
from gpuspec.report.text import Style
from gpuspec.report.width import shown, width
from gpuspec.sizing import Unsized
from gpuspec.sizing.inference.setup import scheme_of
from gpuspec.sizing.shape import Shape, shape_of
from gpuspec.text import Tree
from gpuspec.workload.workload import Origin

FIELDS = {
    "name": "job.name",
    "gpus": "job.gpu_types",
    "nodes": "workload.nodes",
    "engine": "workload.engine",
    "model": "workload.model_name",
    "quantization": "workload.quantization",
    "dtype": "workload.dtype",
    "tp": "workload.tensor_parallel",
    "pp": "workload.pipeline_parallel",
    "dp": "workload.data_parallel",
    "context": "workload.context",
    "concurrency": "workload.concurrency",
    "users": "job.users",
    "method": "workload.method",
    "task": "workload.task",
    "image": "job.image",
    "time_limit_hours": "job.budget.max_hours",
    "spot": "job.spot",
    "hosts": "job.hosts",
    "replicas": "job.scaling",
    "keep_alive_minutes": "job.keep_alive_minutes",
    "min_vram": "job.min_vram",
    "max_price": "job.max_price",
    "max_total": "job.budget.max_total",
    "clouds": "job.clouds",
    "regions": "job.regions",
    "disk_gb": "job.disk_gb",
    "ports": "job.ports",
}
"""What is shown, in this order → the field of the Job or the Workload that holds it."""
NARROW = 60
"""Columns below which each value has lines of its own."""


Derived = tuple[str, Any, str]
"""(field, value, why) of what the file does not state: worked out from what it states, or assumed."""


def understood(case: Case) -> dict[str, Any]:
    """One job as `show --json` prints it: every field, null where the file does not say it or says what cannot be
    known; where each stands; what is derived; and what the format's schema refuses. Tokens are masked."""
    document = case.document
    stated = dict(_stated(case))
    values = {field: stated[field][0] if field in stated else None for field in FIELDS}
    derived = _derived(case, stated)
    beside = cache(partial(_beside, case))  # a script may say every field
    found: dict[str, Any] = _without_secrets(
        {
            "place": document.called or document.place,
            "format": document.format.name,
            **values,
            "gpus": values["gpus"] or [],
            "derived": {field: {"value": value, "reason": reason} for field, value, reason in derived},
            "where": {field: _place(case, stated[field][1], beside) for field in FIELDS if field in stated},
            "left_out": [problem.pointer for problem in case.left_out],
            "not_read": list(case.unread),
        }
    )
    return found


def _without_secrets(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_secrets(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_without_secrets(inner) for inner in value]
    return masked(value) if isinstance(value, str) else value


# -- what is stated ---------------------------------------------------------------------------------


def _stated(case: Case) -> Iterator[tuple[str, tuple[Any, Origin]]]:
    job, work = case.job, case.workload
    for name, field in FIELDS.items():
        where, _, field = field.partition(".")
        if where == "job" and field in job.pointers:
            yield name, (_of_job(case, field), Origin("spec", "", job.pointer(field)))
        elif where == "workload":
            if name == "context" and field not in work.origins and work.task == "train":
                field = "sequence"  # the tokens of each that it learns from
            origin = work.origins.get(field)
            if origin is None or (field in work.follows_gpus and not _gpus_stated(case)):
                continue
            value = _written(case, origin) if field == "quantization" else getattr(work, field)
            if origin.kind in ("spec", "command", "file") or (
                origin.kind == "name" and field == "quantization" and value
            ):
                yield name, (value, origin)
    named = (case.written or job).gpu_types
    if not named and job.gpu_count:
        yield "gpus", ([{"gpu": None, "count": job.gpu_count}], Origin("spec", "", job.pointer("gpu_count")))


def _gpus_stated(case: Case) -> bool:
    """Whether the file says one number of GPUs: then `--tensor-parallel-size $SKYPILOT_NUM_GPUS_PER_NODE` is it."""
    job = case.written or case.job
    counts = {_count(case, choice) for choice in job.gpu_types} or {job.gpu_count}
    return len(counts) == 1 and None not in counts and job.gpu_types == case.job.gpu_types


def _written(case: Case, origin: Origin) -> str | None:
    """The quantization in the file's own word: `gptq` of `--quantization gptq`, which leaves its bits open, `qlora`
    of a tuning's method, or of a model's name. None where a name means one, and has no word of it."""
    work, scheme = case.workload, case.workload.quantization
    if scheme is None:
        return None
    if origin.kind == "spec":
        value = case.tree.at(origin.pointer)
        word = value.strip().lower() if isinstance(value, str) else ""
        return word if _ONE_WORD.fullmatch(word) else scheme
    if origin.kind == "command":
        word = origin.text.replace("=", " ").split(" ")[-1].lower()
        return word if spelled(word) else scheme
    if origin.kind != "name":
        return scheme
    named = (work.model_name or "").lower()
    exact = scheme.rpartition(":")[2]
    word = exact.lower() if exact.lower() in named else exact.partition("-")[0]
    return word if word.lower() in named else _in_name(scheme, named)


def _replicas(job: Job) -> list[int | None] | None:
    """The least and the most copies; none of each where it is suspended, which a job spec cannot say."""
    if job.scaling is None:
        return None
    least, most = job.scaling.min, job.scaling.max
    stopped = least == 0 and most is None and job.deployment is not None and job.deployment.suspended
    return [least, 0 if stopped else most]


def _in_name(scheme: str, named: str) -> str | None:
    """A scheme as a model's name writes it, where that is another word: `fp4` of NVFP4's."""
    for cue, pattern in find_scheme(scheme).in_names:
        found = re.search(rf"(?<![a-z0-9])(?:{pattern})(?![a-z0-9])", named) if cue in named else None
        if found:
            return found[0]
    return None


_ONE_WORD = re.compile(r"[\w:-]{2,24}")


def _of_job(case: Case, field: str) -> Any:
    job = case.written or case.job
    if field == "spot":
        return _own_spot(case, job)
    if field == "scaling":
        return _replicas(job)
    if field == "gpu_types":
        return [{"gpu": _canonical(case, choice), "count": _count(case, choice)} for choice in job.gpu_types]
    if field == "ports":
        return [port.port for port in job.ports]
    value: Any = job
    for part in field.split("."):
        value = getattr(value, part, None)
    return list(value) if isinstance(value, tuple) else value


def _own_spot(case: Case, job: Job) -> Any:
    """`spot` in the file's own word: true of `use_spot: true`, "auto" of `spot_policy: auto`; the job spec's where
    several machines of the file say several."""
    own = case.tree.at(job.pointer("spot"))
    yes_or_no = {True: "only", False: "never"}
    if isinstance(own, bool):
        return own if yes_or_no[own] == job.spot else job.spot
    if isinstance(own, str) and own.lower() in ("true", "false"):  # a label of Kubernetes
        return own.lower() == "true"
    if isinstance(own, str) and "spot" in job.pointer("spot").rpartition("/")[2] and len(own) < 40:
        return own
    return {"only": True, "never": False}.get(job.spot or "", job.spot)  # `karpenter.sh/capacity-type: spot`


def _canonical(case: Case, choice: GpuChoice) -> str:
    """The catalogue's name of a GPU; as it is written where that means several, or none."""
    match = case.catalog.resolve_gpu(choice.name)
    return match.gpu.name if match.gpu else split_count(choice.name)[0]


def _count(case: Case, choice: GpuChoice) -> int | None:
    return choice.gpu_count or case.catalog.resolve_gpu(choice.name).gpu_count or case.job.gpu_count


def _place(case: Case, origin: Origin, beside: Callable[[str], Tree]) -> dict[str, Any]:
    """Where a value stands: at its argument, where that stands word for word in its text."""
    tree, (start, end) = case.tree, case.tree.span(origin.pointer)
    if origin.path is not None:
        tree = beside(origin.path)
        start, end = 0, len(tree.text)
    words = origin.text.partition("…")[0].strip()  # what follows is not known
    at = tree.text.find(words, start, end) if words else -1
    found = at >= 0 or origin.path is None
    line, column = tree.position(at if at >= 0 else start) if found else (None, None)
    return {
        "pointer": origin.pointer,
        "path": origin.path or case.path,
        "line": line,
        "column": column,
        "text": origin.text or None,
    }


def _beside(case: Case, path: str) -> Tree:
    """The text of a file beside the job's; none where it cannot be read."""
    return Tree(Folder(os.path.dirname(case.path) or ".").read(path) or "")


# -- what is derived --------------------------------------------------------------------------------

_REASONS = {
    "name": "the model's name says so",
    "catalog": "the catalogue says so of the model",
    "settings": "default-task of the settings",
    "default": "the default",
}


def _derived(case: Case, stated: Mapping[str, Any]) -> Iterator[Derived]:
    job, work = case.job, case.workload
    yield from _gpus(case)
    for name, field in FIELDS.items():
        where, _, field = field.partition(".")
        value, origin = getattr(work, field, None), work.origins.get(field)
        if where != "workload" or value is None:
            continue
        if name in stated:
            if name == "quantization" and value != stated[name][0]:
                yield name, value, "the scheme that it means"
            continue
        if field in work.follows_gpus:
            yield name, value, "as many as there are GPUs"
        elif origin is not None:
            yield name, value, _REASONS[origin.kind]
    if "nodes" not in work.origins:
        yield "nodes", 1, "one machine, where nothing says otherwise"
    if "spot" in stated and job.spot not in (None, stated["spot"][0]):
        yield "spot", job.spot, "the job spec's word for it"
    if job.spot is None and case.document.can_say("spot"):
        yield "spot", "never", "the default"
    if job.hosts is None and case.document.can_say("hosts"):
        yield "hosts", "secure", "the default"
    if case.clouds:
        by = "--cloud" if case.overrides.clouds else "clouds of the settings"
        yield "clouds", list(case.clouds), f"{by}: no others may be used"
    if case.regions:
        yield "regions", list(case.regions), "regions of the settings: no others may be used"
    if agreed := case.agreed_prices(case.price_book.clouds):
        yield "prices", list(agreed), "agreed on in the settings"
    yield from _of_model(case, stated)
    yield from _of_memory(case, stated)


def _gpus(case: Case) -> Iterator[Derived]:
    ambiguous = {}
    for choice in case.job.gpu_types:
        match = case.catalog.resolve_gpu(choice.name)
        if match.ambiguous:
            ambiguous[split_count(choice.name)[0]] = [gpu.name for gpu in match.ambiguous]
    if ambiguous:
        yield "gpus", ambiguous, "the name means several GPUs"
    if case.assumed_gpu and not (case.written or case.job).gpu_types:
        by = "--assume-gpu" if case.overrides.assume_gpu else "assume-gpu of the settings"
        named = [{"gpu": _canonical(case, one), "count": _count(case, one)} for one in case.job.gpu_types]
        yield "gpus", named, by
    if any(_count(case, choice) is None for choice in case.job.gpu_types):
        yield "gpu_count", 1, "one GPU, where no number is given"


def _of_model(case: Case, stated: Mapping[str, Any]) -> Iterator[Derived]:
    work = case.workload
    if work.model is None:
        return
    if work.model.id != work.model_name:
        yield "model", work.model.id, "the catalogue's name of it"
    full, engine = work.model.usual_context, engine_of(work.engine)
    if engine.reserves_full_context and full and "context" not in stated and "context" not in work.origins:
        yield "context", full, f"the model's own, which {engine.name} takes where none is set"
    shape = shape_of(work)
    if work.quantization is None and "quantization" not in stated and isinstance(shape, Shape):
        scheme = scheme_of(work, shape)
        plain = scheme in ("bf16", "fp16", "fp32")
        own = "the checkpoint's own" if shape.native == scheme else "where nothing says otherwise"
        if not plain or work.dtype is None:
            yield ("dtype" if plain else "quantization"), scheme, own


def _of_memory(case: Case, stated: Mapping[str, Any]) -> Iterator[Derived]:
    counts = [_count(case, choice) for choice in case.job.gpu_types] or [case.job.gpu_count]
    need = case.need(counts[0] or 1)
    if isinstance(need, Unsized):
        yield "memory_gib", None, in_own_words(need.reason, case.document)
        return
    if case.workload.engine is None and "engine" not in stated:
        yield "engine", need.engine, "assumed where memory is estimated, since none is named"
    each = f"of each of {need.gpus} GPUs, " if need.gpus > 1 else ""
    why = "; ".join((f"{each}{need.low:.1f} to {need.high:.1f}", *need.assumptions))
    yield "memory_gib", round(need.expected, 1), why


# -- as text ----------------------------------------------------------------------------------------


def as_text(path: str, jobs: Sequence[Mapping[str, Any]], columns: int) -> str:
    """One block a job: what is stated, with its places; then what is derived, with the reasons."""
    style = Style(columns=columns)
    return "\n".join("".join(f"{line}\n" for line in _block(path, job, style, columns)) for job in jobs)


def _block(path: str, job: Mapping[str, Any], style: Style, columns: int) -> Iterator[str]:
    label = 4 if columns < NARROW else max(map(len, [*job["where"], *job["derived"]]), default=0) + 4
    place = f", {job['place']}" if job["place"] else ""
    yield style.wrap(f"{path}: {job['name'] or 'unnamed job'} ({job['format']}{place})", 0, 2)
    for field, where in job["where"].items():
        unknown = job[field] is None and where["text"]
        line = "" if where["line"] is None else f":{where['line']}:{where['column']}"
        value = f"unknown ({unknown})" if unknown else _value(field, job[field])
        yield from _row(field, value, where["path"] + line, style=style, label=label)
    if job["derived"]:
        yield ""
        yield style.wrap("not stated, but derived or assumed:", 0, 2)
    for field, derived in job["derived"].items():
        yield from _row(field, _words(derived["value"]), derived["reason"], style=style, label=label)
    if job["left_out"]:
        yield ""
        left = f"left out, since the schema refuses it: {', '.join(job['left_out'])}"
        yield style.wrap(f"{left} (`gpuspec lint {path}` says why)", 0, 2)
    if job["not_read"]:
        yield ""
        yield style.wrap(f"not all of this job was read: {'; '.join(job['not_read'])}", 0, 2)


def _row(field: str, value: str, beside: str, *, style: Style, label: int) -> Iterator[str]:
    """A value, and what is beside it: on one line where that has room, else below."""
    columns, beside = style.columns or 80, shown(beside)
    head = f"  {field:<{label - 2}}"
    if label == 4:
        yield f"  {field}"
        head = " " * label
    line = head + style.wrap(value, label, label)
    last = width(line.rpartition("\n")[2])
    if last + 2 + width(beside) <= columns:
        yield line + " " * (columns - last - width(beside)) + beside
        return
    yield line
    yield " " * (label + 2) + style.wrap(beside, label + 2, label + 2)


def _value(field: str, value: Any) -> str:
    """A stated value; replicas as one number, or as from how many to how many."""
    if field == "replicas" and isinstance(value, list):
        least, most = value
        if least is None or most is None:
            return f"up to {_words(most)}" if least is None else f"at least {_words(least)}"
        return _words(least) if least == most else f"{_words(least)} to {_words(most)}"
    return _words(value)


def _words(value: Any) -> str:
    if value is None:
        return "unknown"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, dict):
        return "; ".join(f"{key}: {', '.join(inner)}" for key, inner in value.items())
    if isinstance(value, list):
        return ", ".join(_gpu(part) if isinstance(part, dict) else _words(part) for part in value)
    return f"{value:g}" if isinstance(value, float) else str(value)


def _gpu(entry: Mapping[str, Any]) -> str:
    name = entry["gpu"] or "any GPU"
    return f"{entry['count']} × {name}" if entry["count"] else str(name)
