"""How many of a machine's GPUs a job's commands put to work."""

from collections.abc import Sequence
from math import prod
from typing import TYPE_CHECKING

from gpuspec.engines import ENGINES, engine_of
from gpuspec.named_tuple import NamedTuple
from gpuspec.workload.workload import Workload

if TYPE_CHECKING:
    from gpuspec.commands.steps import Step

_DEGREES = ("tensor_parallel", "pipeline_parallel", "data_parallel")

_CHOOSES = (
    "CUDA_VISIBLE_DEVICES",
    "cuda:",
    "cuda-device",
    "device-id",
    "device_id",
    "device_index",
    "device-index",
)
"""What in a command says which of several GPUs it takes."""


class GpusUsed(NamedTuple):
    """How many GPUs the commands use, and the field of the Workload that says so."""

    gpus: int
    field: str


def gpus_used(workload: Workload, steps: "Sequence[Step]", *, several: bool = True) -> GpusUsed | None:
    """The GPUs that the commands use, however many are rented. None where that is not known: the engine takes all
    that it sees, several machines work together, or several programs have GPUs of their own.
    `several`: whether there may be more than one, so that it is worth a look into the Python."""
    unknown = any(
        field in workload.origins and getattr(workload, field) is None for field in (*_DEGREES, "nodes")
    )
    if unknown or (workload.nodes or 1) > 1 or workload.other_models or _dealt_by_hand(workload, steps):
        return None
    if workload.processes is not None:
        return GpusUsed(workload.processes, "processes")
    if several and _one_process(steps):
        return GpusUsed(1, "processes")
    engine = engine_of(workload.engine)
    if engine.kind == "trainer" and engine.one_gpu_by_default:
        return None if "sharding" in workload.origins else GpusUsed(1, "engine")
    if workload.origin("engine").kind != "command":
        return None
    said = [field for field in _DEGREES if workload.origin(field).kind in ("command", "file")]
    if not engine.one_gpu_by_default and not (said and engine.kind == "server"):
        return None  # it takes all that it sees; a trainer puts copies on what the split leaves
    return GpusUsed(prod(getattr(workload, field) or 1 for field in _DEGREES), (said or _DEGREES)[0])


def _working(steps: "Sequence[Step]") -> "list[Step]":
    """The commands that do the work, without those that prepare it or use no GPU."""
    from gpuspec.commands.programs_without_gpu import CPU_ONLY, SILENT

    plain = SILENT | CPU_ONLY
    return [
        step for step in steps if not step.setup and step.command.words and step.command.name not in plain
    ]


def _one_process(steps: "Sequence[Step]") -> bool:
    """Whether all the work is one Python file, which is here and uses one GPU however many there are."""
    if not any(step.command.name.startswith("python") for step in steps):
        return False
    working = _working(steps)
    if len(working) != 1 or not working[0].command.name.startswith("python"):
        return False
    command = working[0].command
    if command.wrappers or command.enclosures or command.in_background:
        return False
    from gpuspec.commands.programs_without_gpu import on_one_gpu
    from gpuspec.commands.steps import python_text

    found = python_text(working[0])
    return found is not None and on_one_gpu(found[0])


def _dealt_by_hand(workload: Workload, steps: "Sequence[Step]") -> bool:
    """Whether the GPUs are given to several programs: each its own, or some to a generator beside the training."""
    training = workload.task == "train"
    if training and workload.algorithm in ("grpo", "ppo", "rloo"):
        return True
    for step in steps:
        if "CUDA_VISIBLE_DEVICES" in step.command.environment:
            return True
        if any(word in step.text for word in _CHOOSES):
            return True
        if training and ("use_vllm" in step.text or "grpo" in step.text):
            return True
        if training and any(engine.server and engine.name in step.command.name for engine in ENGINES):
            return True
    return False
