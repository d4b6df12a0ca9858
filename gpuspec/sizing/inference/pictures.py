"""What a server's trial pass holds for pictures: it sends as many of the largest through the encoder as one step
takes, and keeps what comes out while text goes through (vLLM 0.33.0 gpu_model_runner.py, `profile_run`)."""

from math import sqrt

from gpuspec.named_tuple import NamedTuple
from gpuspec.sizing.inference.setup import Answering, tensor_of

_LAYERS = 28
"""Of a tower whose width is not known: towers have 24 to 45 (CLIP-L 24, SigLIP-so400m 27, Qwen2.5-VL 32,
InternViT-6B 45). With 12 squares of its width in a layer that tells its width within a quarter."""
_PATCHES = (1, 4, 16)
"""Patches that become one token: LLaVA; Qwen-VL, InternVL, Pixtral; Gemma 3."""
_LARGEST = 16384
"""Tokens of the largest single picture of a model that takes any size (Qwen2-VL: 12.8 million pixels)."""
_PIXELS = 1176
"""Numbers of a patch: 14 × 14 pixels in three colours, of two frames."""


class Seeing(NamedTuple):
    """Bytes on one GPU: low, expected and high of the encoder's pass; what it hands on, expected and high."""

    low: float
    expected: float
    high: float
    kept: float
    most_kept: float


def seeing(at: Answering, tokens: int) -> Seeing | None:
    """The encoder's pass of a step of `tokens`; None where there is no encoder, it is switched off, its size is not
    known, or the engine tries no pictures.

    A step takes as many pictures as its tokens hold, one at least. A block holds its input and that normed, both
    whole, and 8 widths that tensor parallelism divides where the tower is divided: in attention query, key and value,
    the first two in a row and rotated, and what comes out; in the feed-forward block 4 on each side of its activation
    (vLLM qwen2_5_vl.py, `Qwen2_5_VisionAttention.forward`; siglip.py, `SiglipMLP`)."""
    model = at.workload.model
    tower = sum(row.parameters for row in at.shape.weights if row.part == "vision")
    if not at.engine.memory.tries_pictures or not model or model.task != "vlm" or not tower:
        return None
    width = sqrt(tower / (12 * _LAYERS))
    divided = 2.0 * (2 * width + 8 * width / tensor_of(at.workload, at.gpus) + _PIXELS)
    whole = 2.0 * (2 * width + 8 * width + _PIXELS)
    few, usual, many = (tokens * patches for patches in _PATCHES)
    kept = 2.0 * at.shape.hidden
    return Seeing(
        few * divided,
        usual * divided,
        max(many, _LARGEST * _PATCHES[1]) * whole,
        tokens * kept,
        max(tokens, _LARGEST) * kept,
    )


def has_encoder_pass(at: Answering) -> bool:
    """Whether that pass is among what the trial pass is counted to hold."""
    return seeing(at, 1) is not None
