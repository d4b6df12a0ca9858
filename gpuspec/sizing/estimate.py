"""`need`: memory of any workload, by phase and part."""

from __future__ import annotations

from gpuspec.catalog import Gpu
from gpuspec.sizing.memory import Need, Unsized
from gpuspec.sizing.shape import LARGEST_PARAMS, shape_of
from gpuspec.workload import Workload
from gpuspec.workload.limits import MOST_GPUS

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
    """Memory of each of `gpus` GPUs, GiB, by phase and part.

    `gpu`: which GPU it is, where an engine's defaults depend on that (None: any); `prompt`: how many of the context's
    tokens come in at once (None: any number); `trainable`: parameters of the adapters, where counted. Unsized, with
    the reason, where a fact is missing. Raises ValueError for a number of GPUs below one."""
    if gpus < 1:
        raise ValueError(f"{gpus} GPUs")
    if gpus > MOST_GPUS:
        return Unsized(f"no machine has {gpus:,} GPUs")
    for field, most in (workload.beyond or {}).items():
        return Unsized(f"{workload.origin(field).text} is beyond any machine or model: at most {most:,}")
    if workload.other_models:
        return Unsized(
            f"the job loads {', '.join(workload.other_models)} as well; say min_vram for all together"
        )
    if "nodes" in workload.origins and workload.nodes != 1:
        return Unsized("the job is spread over several machines")
    for field in ("data_parallel", "pipeline_parallel", "context_parallel"):
        if field in workload.origins and getattr(workload, field) is None:
            return Unsized(f"{field} is not known ({workload.origin(field).text})")
    for field in _COUNTS:
        value = getattr(workload, field)
        if value is not None and not 0 < value <= MOST:
            return Unsized(f"{field} is {value:,}, which no job can have")
    if workload.params_b is not None and not 0 < workload.params_b * 1e9 <= LARGEST_PARAMS:
        return Unsized(f"params_b is {workload.params_b:g}, in billions: no model has that many parameters")
    if workload.modality in (None, "text") and workload.model is None and workload.params_b is None:
        unsized = shape_of(workload)
        if isinstance(unsized, Unsized):
            return unsized
    if workload.modality in ("vision", "3d"):
        return Unsized(f"memory of {workload.modality} models is not modelled; say min_vram")
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
