"""What the process itself takes: CUDA context, workspaces, NCCL buffers."""

from __future__ import annotations

from gpuspec.catalog import Model
from gpuspec.engines.engine import Range
from gpuspec.sizing.memory import Part

NCCL: Range = (0.2, 0.36, 2.0)
"""Per GPU when several work together. Source: vLLM start-up logs (non-torch memory with and without TP)."""


def runtime(context: Range, workspace: Range, gpus: int) -> list[Part]:
    """CUDA context, engine workspaces and, on several GPUs, NCCL."""
    parts = [
        Part(
            "CUDA context",
            *context,
            why=f"driver, libraries and kernels: {context[0]:g}–{context[2]:g} GiB",
            counted_from="process",
        ),
        Part(
            "workspace",
            *workspace,
            why=f"what cuBLAS and the like set aside: {workspace[0]:g}–{workspace[2]:g} GiB",
        ),
    ]
    if gpus > 1:
        parts.append(
            Part("NCCL", *NCCL, why=f"communication buffers between {gpus} GPUs", counted_from="process")
        )
    return parts


def vision_tower(model: Model | None, *, training: bool) -> list[Part]:
    """What the picture encoder of a vision-language model holds while it looks: a few pictures of a thousand
    patches. Its weights are among the model's, its output counts as tokens of the context."""
    if model is None or model.task != "vlm":
        return []
    scale = 3.0 if training else 1.0
    return [Part("vision tower", 0.0, 0.2 * scale, 1.0 * scale, "activations of the picture encoder")]
