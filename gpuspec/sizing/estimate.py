"""`need`: memory of any workload, by phase and part."""

from __future__ import annotations

from gpuspec.catalog import Gpu
from gpuspec.engines import is_known
from gpuspec.sizing.memory import Need, Unsized
from gpuspec.sizing.shape import LARGEST_PARAMS, shape_of
from gpuspec.workload import Origin, Workload
from gpuspec.workload.limits import MOST_GPUS
from gpuspec.workload.workload import as_one_machine, gpus_together, machines_together

MOST = 10**9
"""More tokens or sequences than this is a slip of the pen."""
_COUNTS = (
    "context",
    "concurrency",
    "users",
    "sequence",
    "batch",
    "lora_rank",
    "max_batched_tokens",
    "width",
    "height",
)


def need(
    workload: Workload,
    gpus: int = 1,
    *,
    gpu: Gpu | None = None,
    prompt: int | None = None,
    trainable: float | None = None,
) -> Need | Unsized:
    """Memory of each of `gpus` GPUs of a machine, GiB, by phase and part. A job on several machines is spread over
    the GPUs of all: `Need.gpus` counts those that share its work.

    `gpu`: which GPU it is, where an engine's defaults depend on that (None: any); `prompt`: how many of the context's
    tokens come in at once (None: any number); `trainable`: parameters of the adapters, where counted. Unsized, with
    the reason, where a fact is missing. Raises ValueError for a number of GPUs below one."""
    if gpus < 1:
        raise ValueError(f"{gpus} GPUs")
    unsized = _missing(workload, gpus)
    if unsized:
        return unsized
    machines, each = machines_together(workload, gpus), gpus
    workload, gpus = as_one_machine(workload, gpus), gpus_together(workload, gpus)
    answer = _by_kind(workload, gpus, gpu, prompt, trainable)
    if isinstance(answer, Unsized):
        return answer
    spread = [f"{answer.gpus} GPUs on {machines} machines of {each}"] if answer.gpus > each else []
    return answer._replace(assumptions=(*_of_engine(workload, answer.engine), *spread, *answer.assumptions))


def _of_engine(workload: Workload, taken: str) -> list[str]:
    """What was assumed of the engine."""
    if not workload.engine or workload.origins.get("engine") == Origin("default"):
        return [f"engine {taken}, since none was given"] if taken else []
    if is_known(workload.engine):
        return []
    return [f"{workload.engine} is not known: it takes memory as a program on plain PyTorch does"]


def _missing(workload: Workload, gpus: int) -> Unsized | None:
    """The first fact that is missing, or that no job can have."""
    if gpus > MOST_GPUS:
        return Unsized(f"no machine has {gpus:,} GPUs", "give as many as one machine has")
    for field, most in (workload.beyond or {}).items():
        return Unsized(f"{workload.origin(field).text} is beyond any machine or model: at most {most:,}")
    if workload.other_models:
        return Unsized(
            f"the job loads {', '.join(workload.other_models)} as well; say min_vram for all together"
        )
    if "nodes" in workload.origins and workload.nodes is None:
        how = "say in the job how many: `nodes`"
        return Unsized("the job is spread over several machines, and over how many is not known", how)
    trains = workload.task == "train" or workload.method
    told = (workload.nodes or 1) > 1 and workload.origin("nodes").kind in ("command", "file")
    if told and not trains and machines_together(workload, gpus) == 1:
        return Unsized(
            f"the engine is told of {workload.nodes} machines, and splits the model over the GPUs of one"
        )
    for field in ("data_parallel", "pipeline_parallel", "context_parallel"):
        if field in workload.origins and getattr(workload, field) is None:
            how = f"write the number for {workload.origin(field).text} into the command"
            return Unsized(f"{field} is not known ({workload.origin(field).text})", how)
    for field in _COUNTS:
        value = getattr(workload, field)
        if value is not None and not 0 < value <= MOST:
            return Unsized(f"{field} is {value:,}, which no job can have")
    if workload.params_b is not None and not 0 < workload.params_b * 1e9 <= LARGEST_PARAMS:
        return Unsized(f"params_b is {workload.params_b:g}, in billions: no model has that many parameters")
    if workload.modality in (None, "text") and workload.model is None and workload.params_b is None:
        shape = shape_of(workload)
        if isinstance(shape, Unsized):
            return shape
    if workload.modality in ("vision", "3d") or (workload.modality == "audio" and trains):
        what = f"training {workload.modality}" if trains else workload.modality
        return Unsized(f"memory of {what} models is not modelled; say min_vram")
    return None


def _by_kind(
    workload: Workload, gpus: int, gpu: Gpu | None, prompt: int | None, trainable: float | None
) -> Need | Unsized:
    if workload.modality in ("image", "video"):
        from gpuspec.sizing.media.image import image

        return image(workload, gpus)
    if workload.modality == "audio":
        from gpuspec.sizing.media.audio import audio

        return audio(workload, gpus)
    if workload.task == "train" or workload.method:
        from gpuspec.sizing.training.text import training

        return training(workload, gpus, trainable=trainable)
    from gpuspec.sizing.inference.text import inference

    return inference(workload, _of_one_copy(workload, gpus), gpu=gpu, prompt=prompt)


def _of_one_copy(workload: Workload, gpus: int) -> int:
    """GPUs that one copy of the model is spread over, at most as many as the command splits it into."""
    copies = workload.data_parallel or 1
    if gpus % copies == 0:
        gpus //= copies
    if workload.tensor_parallel and "tensor_parallel" not in workload.follows_gpus:
        gpus = min(gpus, workload.tensor_parallel * (workload.pipeline_parallel or 1))
    return gpus
