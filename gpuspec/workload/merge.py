"""Several commands of one job → one workload, and the other models it loads."""

from __future__ import annotations

from collections.abc import Sequence

from gpuspec.engines import engine_of
from gpuspec.workload.uses import Use
from gpuspec.workload.value import Value, Values
from gpuspec.workload.values import ITSELF, NO_WEIGHTS, OWN_LAYERS

_OF_SEVERAL = ("SLURM_NNODES", "SLURM_JOB_NUM_NODES", "SLURM_NODEID", "ray start --address")
"""Variables and commands of jobs that are spread over several machines, how many nobody says."""
_ONE_UNLESS_TOLD = (
    "SKYPILOT_NUM_NODES",
    "SKYPILOT_NODE_RANK",
    "SKYPILOT_NODE_IPS",
    "DSTACK_NODES_NUM",
    "DSTACK_NODE_RANK",
)
"""Variables of launchers that take one machine where the job says no number: using them makes no job of several."""


def merge(run: Sequence[Use], setup: Sequence[Use]) -> tuple[Values, list[str]]:
    """Fields of the main command with those of its alternatives and companions; further models.

    The main command is the first that names a model, else the first whose program is known. Commands of `run`
    come before those of setup, known programs before scripts of which only the arguments are."""
    candidates = [u for u in run if u.sure] or [u for u in setup if u.sure] or [u for u in run if not u.sure]
    if not candidates:
        return {}, []
    main = next((use for use in candidates if "model_name" in use.values), candidates[0])
    values = _values(main)
    if _copies(main, candidates):
        # One server on each GPU, or on some of them: how many GPUs one takes is not known.
        values["data_parallel"] = values["engine"]._replace(known=None)
    others = [name or "unknown" for name in main.more_models]
    if "second_model" in main.values and main.values["second_model"].known is None:
        others.append("unknown")  # it drafts with a model that nobody named
    # A server that was started before its model is pulled, perhaps in setup.
    for use in [*candidates, *(setup if candidates[0] in run else [])]:
        if use is main or (main.sure and not use.sure):
            continue
        if _alternatives(main, use):
            values = _agreed(values, _values(use))
        else:
            others += _beside(values, main, use)
    return values, list(dict.fromkeys(others))


def _values(use: Use) -> Values:
    values = dict(use.values)
    if use.task:
        values["task"] = _task(use)
    if use.tool.modality:
        values["modality"] = values["engine"]._replace(known=use.tool.modality)
    second, model = values.get("second_model"), values.get("model_name")
    named = model.known if model else None
    if not second or not second.known or second.known == NO_WEIGHTS:
        return values
    # vLLM takes the layers of a model that is to draft for itself.
    if second.known in (OWN_LAYERS, named):
        values["drafts"] = second._replace(known=True)
    else:
        values["draft"] = second._replace(known=named if second.known == ITSELF else second.known)
    return values


def _task(use: Use) -> Value:
    """The task of a command: that it trains is said where the engine is only what is usual."""
    origin = use.values["engine"].origin
    return Value(use.task, origin._replace(kind="command") if origin.kind == "default" else origin)


def _copies(main: Use, uses: Sequence[Use]) -> bool:
    """Whether several servers run beside each other: started in a loop, or one after another."""
    if main.tool.task != "serve" or engine_of(main.tool.engine).also_client:
        return False
    alike = [use for use in uses if use.tool.engine == main.tool.engine and "model_name" in use.values]
    beside = [use for use in alike if use is not main and not _alternatives(main, use)]
    return bool(beside) or any(around.kind == "for" for around in main.command.enclosures)


def _more(use: Use) -> list[str]:
    second = use.values.get("second_model")
    names = list(use.more_models)
    if second and second.known == ITSELF:
        model = use.values.get("model_name")
        names.append(model.known if model else None)
    elif second and second.known not in (OWN_LAYERS, NO_WEIGHTS):
        names.append(second.known)
    return [name or "unknown" for name in names]


def _alternatives(one: Use, two: Use) -> bool:
    """Whether they stand in different arms of one if or case, so that only one of them runs."""
    for first, second in zip(one.command.enclosures, two.command.enclosures, strict=False):
        if first != second:
            same = first.start == second.start and first.end == second.end and first.kind == second.kind
            return same and first.kind in ("if", "case") and first.branch != second.branch
    return False


def _agreed(one: Values, two: Values) -> Values:
    """What both give alike; the rest is given, but not known."""
    result: Values = {}
    for field in dict.fromkeys((*one, *two)):
        mine, yours = one.get(field), two.get(field)
        if mine and yours and mine.known == yours.known and mine.gpus == yours.gpus:
            result[field] = mine
        elif value := mine or yours:
            result[field] = Value(None, value.origin._replace(text=f"{value.text} …"))
    return result


def _beside(values: Values, main: Use, use: Use) -> list[str]:
    """Add a command that runs beside the main one: names of further models. A server without a model of its own
    (`ollama serve`) adds what it gives to the fields of its engine."""
    name, model = use.values.get("model_name"), values.get("model_name")
    engine, known = use.values["engine"].known, values["engine"].known
    if name is None:
        if engine == known or known is None:
            for field, value in _values(use).items():
                values.setdefault(field, value)
        elif use.tool.task == "interactive" and "task" in values and values["task"].known != "train":
            return []
        return _more(use)
    if (
        model is None and engine == known and use.task is None
    ):  # `ollama pull` fetches what `ollama serve` serves
        values["model_name"] = name
        return _more(use)
    apart = {main.task, use.task} == {"serve", "train"}  # one generates, the other learns: two processes
    same = model is not None and name.known == model.known and name.known is not None
    if same and not apart:
        if use.task and engine == known:
            values.setdefault("task", _task(use))
        return _more(use)
    return [name.known or "unknown", *_more(use)]


def asks_machines(run: str) -> bool:
    """Whether commands ask the launcher on how many machines they run, or on which of them."""
    return any(name in run for name in _ONE_UNLESS_TOLD)


def several_machines(run: str) -> str | None:
    """What in the commands says that they run on several machines at once, how many the launcher knows."""
    for variable in () if asks_machines(run) else _OF_SEVERAL:
        at = run.find(variable)
        if at >= 0 and "#" not in run[run.rfind("\n", 0, at) + 1 : at]:
            return variable
    return None
