"""The text of a commented starter spec, on the cheapest GPU that its model fits."""

from __future__ import annotations

from gpuspec.catalog import Model
from gpuspec.engines import USUAL_SERVER, engine_of
from gpuspec.formats import JOB_SPEC, Document, Source
from gpuspec.lint.config import Configs
from gpuspec.lint.runner import Linter
from gpuspec.named_tuple import NamedTuple
from gpuspec.planning.alternatives import COUNTS
from gpuspec.planning.idle_minutes import LIMITS
from gpuspec.rules import collect
from gpuspec.text.value_text import value_text

DEFAULT_MODEL = "Qwen/Qwen2.5-7B-Instruct"
TASK_NOTE = {
    "serve": "a server that answers requests",
    "batch": "one pass over some work, then done",
    "train": "training or fine-tuning",
    "interactive": "a person at a notebook",
}


class Draft(NamedTuple):
    """What is open in a starter: `gpu` is None until the plan has named one."""

    task: str
    model: str
    gpu: str | None = None
    gpus: int = 1
    quantization: str | None = None
    writes_text: bool = True
    """So that an LLM engine serves it; a model nobody knows is taken for one."""
    gated: bool = False
    """The hub asks for consent and a token."""


def starter(task: str, model: str, path: str) -> str:
    """A spec for `task` and `model` that lints clean under the settings of `path`: the GPU is the cheapest that fits
    at their prices, on their clouds; 8-bit weights where 16-bit ones would need a more expensive GPU. Without a
    GPU, where the model's size is unknown."""
    registry = collect()
    settings, linter = Configs(registry).settings_for(path), Linter(registry)
    hourly = settings._replace(
        overrides=settings.overrides._replace(by="hour")
    )  # how long it runs nobody knows
    known = settings.catalog(linter.catalog).resolve_model(model).model
    start = Draft(task, _repository(model, known))
    if known:
        start = start._replace(writes_text=known.modality == "text", gated=bool(known.gated))
    best = text(start)
    for quantization in (None, "fp8") if start.writes_text and task != "train" else (None,):
        for gpus in COUNTS:
            draft = start._replace(gpus=gpus, quantization=quantization)
            case = hourly.case(_document(path, text(draft)), on_disk=False)
            choice = case.plan.choice
            gpu = choice.gpu.name if choice and choice.fit is not None else None
            if gpu:
                best = text(draft._replace(gpu=gpu))
                if not linter.documents([_document(path, best)], settings, on_disk=False):
                    return best
                break
    return best


def _repository(model: str, known: Model | None) -> str:
    """The hub's id of a model that is named without its organisation, where the catalogue knows one of that name."""
    if "/" in model or known is None:
        return model
    same = (each for each in known.aliases if each.lower().endswith(f"/{model.lower()}"))
    return next(same, model)


def _document(path: str, spec: str) -> Document:
    return JOB_SPEC.format.read(Source(path, spec.encode()))[0]


def text(draft: Draft) -> str:
    """The spec. Every value from outside is written as JSON."""
    name = "".join(c if c.isascii() and c.isalnum() else "-" for c in draft.model.split("/")[-1].lower())
    lines = ["{", f'  "name": {value_text(f"{draft.task}-{name}")},']
    lines.append(f'  "task": {value_text(draft.task)}, // {TASK_NOTE[draft.task]}')
    lines += ['  "model": {', f'    "id": {value_text(draft.model)},']
    lines += [f"    {line}" for line in _model(draft)] + ["  },"]
    if draft.gpu:
        entry = value_text(draft.gpu if draft.gpus == 1 else {"type": draft.gpu, "count": draft.gpus})
        note = "Acceptable GPUs: the cheapest that fits is taken. `gpuspec plan` shows the others."
        lines += [f"  // {note}", f'  "gpu_types": [{entry}],']
    else:
        lines.append(f'  "gpu_count": {draft.gpus},')
    lines.append('  "budget": { "max_hours": 8 }, // the machine is taken down then, whatever happens')
    lines.append(f'  "keep_alive_minutes": {LIMITS[draft.task].usual}, // idle minutes before it goes')
    lines += _downloads(draft.model)
    if draft.gated:
        lines.append('  "secrets": ["HF_TOKEN"], // read from your environment; this model asks for consent')
    work = [WORK[draft.task]] if draft.task in WORK else _service(draft)
    return "\n".join([*lines, *work, "}"]) + "\n"


def _downloads(model: str) -> list[str]:
    if "/" not in model:  # no repository is called so
        line = f'"downloads": [{{ "strategy": "hf", "source": {value_text(f"ORGANISATION/{model}")} }}],'
        return ["  // Name the model as the hub does, here and above:", f"  // {line}"]
    line = f'"downloads": [{{ "strategy": "hf", "source": {value_text(model)}, "timeout": 7200 }}],'
    return [
        '  // Fetched before `run`, so that the GPU does not wait. Pin a commit with "revision".',
        f"  {line}",
    ]


def _model(draft: Draft) -> list[str]:
    """Lines of `model` after its id."""
    if not draft.writes_text:
        return ['"dtype": "fp16"']
    if draft.task == "train":
        return [
            '"dtype": "bf16",',
            '"method": "lora", // full | lora | qlora',
            '"sequence": 2048, // tokens of one sample',
            '"batch": 1, // samples per GPU and step',
            '"gradient_checkpointing": true',
        ]
    kind = f'"quantization": "{draft.quantization}",' if draft.quantization else '"dtype": "bf16",'
    parallel = [f'"tensor_parallel": {draft.gpus},'] if draft.gpus > 1 else []
    return [
        kind,
        f'"engine": "{USUAL_SERVER}",',
        *parallel,
        '"context": 8192, // tokens',
        '"concurrency": 8 // at once',
    ]


WORK = {
    "batch": """\
  "setup": ["pip install -r requirements.txt"],
  // One machine for all items: $GPUSPEC_ITEMS names a file that lists them.
  // "items": "data/*.wav",
  "run": "python process_batch.py",
  "outputs": ["results/"] // brought back while it runs and at the end""",
    "train": """\
  "setup": ["pip install -r requirements.txt"],
  "checkpoint": { "path": "checkpoints/", "every_minutes": 20 },
  "run": "python train.py",
  "outputs": ["checkpoints/", "model/"] // brought back while it runs and at the end""",
    "interactive": """\
  "setup": ["pip install jupyterlab"],
  "run": "jupyter lab --no-browser --ip 127.0.0.1 --port 8888",
  "ports": [8888],
  "outputs": ["notebooks/"] // brought back to this folder""",
}
"""The commands of a task and what belongs to them; `_service` writes those of a server."""


def _service(draft: Draft) -> list[str]:
    setup, run = "pip install -r requirements.txt", "python serve.py --host 127.0.0.1 --port 8000"
    address = "http://localhost:8000/health"
    engine = engine_of(USUAL_SERVER)
    if draft.writes_text and (server := engine.server):
        wanted = {"quantization": draft.quantization, "context": 8192, "concurrency": 8}
        if draft.gpus > 1:
            wanted = {"tensor_parallel": draft.gpus, **wanted}
        flags = [f"{engine.flag(field)} {value}" for field, value in wanted.items() if value]
        flags.append(f"{server.host_flag} 127.0.0.1 {server.port_flag} 8000")
        setup, run = f"pip install {engine.packages[0]}", " ".join([engine.command, draft.model, *flags])
        address = f"http://localhost:8000{server.health}"
    return [
        f'  "setup": [{value_text(setup)}],',
        f'  "run": {value_text(run)},',
        '  "ports": [8000], // reachable as http://localhost:8000',
        f'  "readiness": {{ "http": "{address}", "timeout": 1800 }}',
    ]
