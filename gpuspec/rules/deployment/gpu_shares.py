"""Which GPUs the servers of a job start on, and which share of each they take."""

from __future__ import annotations

from collections.abc import Iterator

from gpuspec.commands.steps import Step
from gpuspec.commands.word import UNKNOWN, option
from gpuspec.engines import Engine, engine_of
from gpuspec.lint import Facts
from gpuspec.named_tuple import NamedTuple
from gpuspec.numerals import is_digits
from gpuspec.rules.lifetime.last_command import of_run
from gpuspec.words import shortened
from gpuspec.workload.programs import Invocation, identify

_VISIBLE = ("CUDA_VISIBLE_DEVICES", "NVIDIA_VISIBLE_DEVICES", "HIP_VISIBLE_DEVICES")
_ENDS = frozenset({"kill", "pkill", "killall", "wait", "fuser"})
"""Commands after which a server in the background may be gone."""
_ALL = ("", "all")


class Claim(NamedTuple):
    """A server's share of one GPU, from its start. `called`: by what name it is spoken of."""

    device: str
    share: float
    called: str
    pointer: str


def process_claims(facts: Facts) -> list[list[Claim]]:
    """Of a job whose commands start several servers that run at the same time, the claims of each."""
    running: list[list[Claim]] = []
    for step in of_run(facts):
        if step.command.name in _ENDS or (step.command.name == "docker" and not step.command.wrappers):
            return running if len(running) > 1 else []
        if step.command.loops or any(e.kind in ("if", "case") for e in step.command.enclosures):
            continue
        found = identify(step.command)
        if found is None or found.tool is None or found.tool.task != "serve":
            continue
        engine = engine_of(found.tool.engine)
        share = _share_of(found, engine, facts)
        if share:
            running.append(list(_claims(step, found, share, facts)))
        if not step.command.returns_at_once:
            break
    return running if len(running) > 1 else []


def _claims(step: Step, found: Invocation, share: float, facts: Facts) -> Iterator[Claim]:
    visible = _visible(step)
    if visible is None:
        return
    model = found.values.get("model_name")
    said = found.values.get("memory_utilization") or model
    pointer = step.pointer_of(said.text) if said and step.path is None else step.pointer
    name = str(model.known) if model and model.known else shortened(step.text, 40)
    for device in _used(visible, _degree(found)):
        yield Claim(device, share, name, pointer or facts.job.pointer("run"))


def _degree(found: Invocation) -> int | None:
    """GPUs of one server; None where that is not known."""
    degree = 1
    for field in ("tensor_parallel", "pipeline_parallel", "data_parallel"):
        value = found.values.get(field)
        if value is not None and not isinstance(value.known, int):
            return None
        degree *= value.known if value is not None and isinstance(value.known, int) else 1
    return degree


def _used(visible: tuple[str, ...], degree: int | None) -> tuple[str, ...]:
    """The first of the GPUs that it sees; "" sees those of the machine, counted from 0."""
    if degree is None or degree > 64:
        return ()
    return visible[:degree] if visible else tuple(str(number) for number in range(degree))


def _visible(step: Step) -> tuple[str, ...] | None:
    """The GPUs that a command sees, by name; () for all; None where that is not known."""
    environment = step.command.environment
    for name in _VISIBLE:
        if name in environment:
            value = environment[name]
            if value is None or UNKNOWN in value:
                return None
            return () if value in _ALL else tuple(part.strip() for part in value.split(","))
    container = next((wrapper for wrapper in step.command.wrappers if wrapper.image is not None), None)
    asked = (option(container.words, "--gpus") or "") if container else ""
    asked = asked.strip("\"'")
    if UNKNOWN in asked:
        return None
    if asked.startswith("device="):
        return tuple(part.strip() for part in asked.removeprefix("device=").split(","))
    return ()


def _share_of(found: Invocation, engine: Engine, facts: Facts) -> float:
    said = found.values.get("memory_utilization")
    if found.configs:
        return 0.0  # a file may say it
    if said is not None:
        return said.known if isinstance(said.known, float) and not engine.memory.share_of_free else 0.0
    return usual_share(engine)


def usual_share(engine: Engine) -> float:
    """The share of the whole GPU that a server takes where none is said: the least of its defaults; 0 for one that
    takes what it needs, or a share of what is free."""
    usual = min((each.utilization for each in engine.defaults), default=1.0)
    whole = engine.kind == "server" and usual < 1 and not engine.memory.share_of_free
    return usual if whole else 0.0


def service_devices(facts: Facts) -> tuple[str, ...]:
    """The machine's GPUs that the server of a service uses: those that are named, or the first that Docker gives."""
    said = facts.job.deployment if facts.has_job else None
    if said is None or said.suspended:
        return ()
    if said.gpu_devices or not said.first_gpus:
        return said.gpu_devices
    work, engine = facts.workload, engine_of(facts.workload.engine)
    inside = facts.job.env.get(_VISIBLE[0])
    if inside is not None or _VISIBLE[0] in facts.job.secrets:
        return tuple(part.strip() for part in (inside or "").split(",") if is_digits(part.strip()))
    if "tensor_parallel" in work.origins and work.tensor_parallel is None:
        return ()
    count = facts.job.gpu_count
    degree = (work.tensor_parallel or 1) * (work.pipeline_parallel or 1) * (work.data_parallel or 1)
    if not engine.one_gpu_by_default and work.tensor_parallel is None:
        degree = count or 1
    return tuple(str(number) for number in range(min(degree, count or degree, 64)))
