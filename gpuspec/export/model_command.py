"""The command of a job whose model its own tool tells the engine: an operator of Kubernetes that knows the model by a
field of its own."""

from __future__ import annotations

import shlex

from gpuspec.commands.word import UNKNOWN
from gpuspec.engines import engine_of
from gpuspec.engines.engine import Engine
from gpuspec.engines.operators import KAITO_SPREADS
from gpuspec.job import Job
from gpuspec.planning.case import Case


def model_is_told_elsewhere(case: Case) -> bool:
    """Whether the job's command leaves out the model that the file names beside it."""
    own = case.document.format.in_spec_fields or not (case.job.run or not case.job.image)
    model = case.workload.model_name
    return not own and bool(model) and case.commands_only.model_name is None


def without_placeholders(job: Job) -> Job:
    """The job without the words of its command for which its operator puts in what it works out itself."""
    run = (job.run or "").replace(f" {KAITO_SPREADS}", "")
    return job if run == (job.run or "") else job._replace(run=run)


def with_model(job: Job, case: Case) -> Job:
    """The job with a command that names the model, where the engine's server is started by one; else as it is. What
    of its commands is not known (an argument that a program works out) is a variable that nobody sets."""
    if job.run and UNKNOWN in job.run:
        job = job._replace(run=job.run.replace(UNKNOWN, "${UNKNOWN}"))
    engine = engine_of(case.workload.engine)
    model = hub_id(case)
    if not engine.command or model is None or not model_is_told_elsewhere(case):
        return job
    run = job.run or engine.command
    if run != engine.command and not run.startswith(engine.command + " "):
        return job
    said = _said(engine, model)
    return job._replace(run=f"{engine.command} {said}{run[len(engine.command) :]}") if said else job


def _said(engine: Engine, model: str) -> str:
    """The model as an argument of the engine's server."""
    tool = engine.programs.get(tuple(engine.command.split()), engine.tool)
    flag = engine.flag("model_name")
    if tool.positional == "model_name":
        return shlex.quote(model)
    return f"{flag} {shlex.quote(model)}" if flag else ""


def hub_id(case: Case) -> str | None:
    """What the job's model is called on the hub, where the catalogue knows one for its short name; None where it
    names none that an engine could load."""
    name, known = case.workload.model_name, case.workload.model
    if not name or name.startswith("-") or "://" in name:
        return None
    if "/" in name or known is None:
        return name
    same = (alias for alias in known.aliases if alias.lower().endswith(f"/{name.lower()}"))
    return next(same, name)
