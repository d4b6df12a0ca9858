"""The model of a container whose program nobody knows: STT_MODEL_NAME=Systran/faster-whisper-medium."""

import re

from gpuspec.job.job import Job
from gpuspec.workload.value import Value, Values
from gpuspec.workload.workload import Origin

_NAMES_MODEL = re.compile(r"(?:^|_)MODEL(?:_?(?:ID|NAME|PATH|REPO|REPO_ID))?$", re.I)
_ON_THE_HUB = re.compile(r"[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*")
_FILE = re.compile(r"\.(?:py|ya?ml|json|txt|toml|sh|bin|onnx|pt|pth)$")
_ASKS_OTHERS = re.compile(
    r"OPENAI|ANTHROPIC|AZURE|GEMINI|GROQ|OPENROUTER|LITELLM|API_BASE|BASE_URL"
    r"|(?:LLM|VLLM|OLLAMA|TGI|INFERENCE)_\w*(?:URL|HOST|ENDPOINT)",
    re.I,
)
"""Variables of programs that send their work to other servers: the model may be theirs."""


def model_by_variable(job: Job) -> Values:
    """The model that a variable names, where exactly one does; and the engine that the model's files are for, where
    the repository is named after it. What starts without a command, and is told a model, serves it. None of a job
    spec, whose `model` says it."""
    if job.deployment is None or any(_ASKS_OTHERS.search(name) for name in (*job.env, *job.secrets)):
        return {}
    named: dict[str, str] = {}
    for name, value in job.env.items():
        if _NAMES_MODEL.search(name) and _ON_THE_HUB.fullmatch(value) and not _FILE.search(value):
            named.setdefault(value, name)
    if len(named) != 1:
        return {}
    ((model, name),) = named.items()
    found = Value(model, Origin("spec", model, job.pointer(f"env.{name}")))
    engine = _named_after(model)
    values = {"model_name": found}
    if engine:
        values["engine"] = found._replace(known=engine)
    if not (job.run or job.usual_task):
        values["task"] = found._replace(known="serve")
    return values


def _named_after(model: str) -> str | None:
    """The engine that a repository is named after, since it holds its files: Systran/faster-whisper-medium."""
    from gpuspec.engines.known import known

    last = model.rpartition("/")[2].lower()
    return next((name for name in known().by_name if last.startswith(name + "-")), None)
