"""Memory of servers that set aside a pool for the cache after a trial pass: vLLM, SGLang and their like."""

from gpuspec.sizing.inference.library import activation_part
from gpuspec.sizing.inference.setup import Answering
from gpuspec.sizing.memory import Part, Phase


def phases(at: Answering, held: list[Part]) -> tuple[Phase, ...]:
    """What stands on the GPU while it serves; `held` is there all the time."""
    return (Phase("serving", (*held, activation_part(at))),)
