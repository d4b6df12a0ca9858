"""Whether a model can be dealt out evenly to so many GPUs, as tensor parallelism asks in some engines."""

from gpuspec.catalog import Model
from gpuspec.engines import Engine, engine_of
from gpuspec.workload.workload import Workload

VOCABULARY_STEP = 64
"""Engines fill the vocabulary up to a multiple of it before they divide it (vLLM's and SGLang's
vocab_parallel_embedding.py, DEFAULT_VOCAB_PADDING_SIZE)."""


def uneven(model: Model, engine: Engine, gpus: int) -> str:
    """What of a model, in words, so many GPUs cannot share evenly in this engine; "" where they can, or where that is
    not known."""
    asked = engine.divides
    if "heads" in asked and model.heads and model.heads % gpus:
        return f"{model.heads} attention heads"
    kv = model.kv_heads
    # Fewer KV heads than GPUs are copied, each to as many GPUs.
    if "KV heads" in asked and kv and (kv % gpus if kv >= gpus else gpus % kv):
        return f"{kv} KV heads"
    if "vocabulary" in asked and model.vocab:
        filled = -(-model.vocab // VOCABULARY_STEP) * VOCABULARY_STEP
        if filled % gpus:
            return f"{filled:,} words of vocabulary"
    return ""


def even_numbers(model: Model, engine: Engine, gpus: int) -> tuple[int, ...]:
    """The numbers of GPUs next to this one, below and above, that can share the model."""
    able = [number for number in range(1, 2 * gpus + 1) if not uneven(model, engine, number)]
    return (
        *[less for less in able if less < gpus][-1:],
        *[more for more in able if more > gpus][:1],
    )


def not_shared(workload: Workload, gpus: int) -> str:
    """What of the model, in words, the engine cannot split evenly over so many GPUs; "" where it can."""
    copies = (workload.pipeline_parallel or 1) * (workload.data_parallel or 1)
    split = workload.tensor_parallel or max(gpus // copies, 1)
    if split == 1 or workload.model is None or workload.task == "train" or workload.attention_copies:
        return ""
    return uneven(workload.model, engine_of(workload.engine), split)
