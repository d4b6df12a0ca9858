"""How fast a machine does the work, whatever the work is."""

from typing import TYPE_CHECKING

from gpuspec.catalog import Gpu
from gpuspec.engines import engine_of
from gpuspec.sizing.memory import Unsized
from gpuspec.sizing.speed.rates import Range, WorkAsked, WorkRate
from gpuspec.workload import Workload
from gpuspec.workload.at_once import at_once

if TYPE_CHECKING:
    from gpuspec.sizing.speed.serving import RequestTokens


def work_rate(
    workload: Workload, gpu: Gpu, gpus: int = 1, request: "RequestTokens | None" = None
) -> WorkRate | Unsized:
    """Units of work a second on `gpus` of a GPU; Unsized where that is not known. `request`: the tokens of one, where
    text is written (None: half of the context read, half written): prompts take their time, too."""
    if workload.modality in (None, "text", "text-embedding") and workload.task == "train":
        from gpuspec.sizing.speed.training import training_rate

        return training_rate(workload, gpu, gpus)
    if workload.modality in ("image", "video"):
        from gpuspec.sizing.speed.pictures import picture_rate

        return picture_rate(workload, gpu, gpus)
    if workload.modality == "audio":
        from gpuspec.sizing.speed.sound import sound_rate

        return sound_rate(workload, gpu, gpus)
    if workload.modality == "text-embedding":
        from gpuspec.sizing.speed.embeddings import embedding_rate

        return embedding_rate(workload, gpu, gpus)
    if workload.modality not in (None, "text"):
        return Unsized(f"how fast models of {workload.modality} work is not known")
    if workload.model is not None and workload.model.task == "speech":
        from gpuspec.sizing.speed.sound import spoken
        from gpuspec.sizing.speed.text import speed

        found = speed(workload, gpu, gpus)
        if isinstance(found, Unsized):
            return found
        if found.decode is None:
            return Unsized(f"the memory bandwidth of {gpu.name} is not known")
        return spoken(workload.model, found.decode, found.why)
    from gpuspec.sizing.speed.serving import served_at

    engine = engine_of(workload.engine)
    many = at_once(workload, engine.default(workload.engine_version, gpu.name, gpu.vram_gib)).sequences or 1
    one = served_at(workload, gpu, gpus, request, many=many)
    return (
        one
        if isinstance(one, Unsized)
        else WorkRate("tokens written", one.throughput, one.why, one.assumptions)
    )


def work_asked(workload: Workload, gpus: int = 1) -> WorkAsked | None:
    """How much work commands ask for, in the units of `work_rate`, on all machines; None where they do not say."""
    if workload.task != "train" or not (workload.steps or workload.epochs):
        return None
    from gpuspec.sizing.speed.training import sequences_a_step, tokens_asked

    if workload.modality in (None, "text", "text-embedding"):
        return tokens_asked(workload, gpus)
    if workload.modality != "image":
        return None
    if workload.steps:
        many = sequences_a_step(workload, gpus)
        total, why = workload.steps * many, f"{workload.steps:,} steps × {many:,.0f} images"
    elif workload.epochs and workload.examples:
        total = workload.epochs * workload.examples
        why = f"{workload.epochs:g} epochs × {workload.examples:,} images"
    else:
        return None
    return WorkAsked("images trained", Range(total, total, total), why)
