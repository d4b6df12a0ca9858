"""The types of what is said about speed."""

from typing import Literal

from gpuspec.named_tuple import NamedTuple


class Range(NamedTuple):
    """Low, expected and high of a quantity that cannot be known exactly."""

    low: float
    expected: float
    high: float

    def times(self, factor: float) -> "Range":
        """Each of the three times a positive number."""
        return Range(self.low * factor, self.expected * factor, self.high * factor)

    def inverse(self) -> "Range":
        """One over it, so that the low of a rate is the high of a time."""
        return Range(1 / self.high, 1 / self.expected, 1 / self.low)


class StepPart(NamedTuple):
    """What takes time in one step: reading weights, launching kernels, … `seconds` of each step."""

    name: str
    seconds: Range
    why: str


class Speed(NamedTuple):
    """How fast a text model answers. Tokens/s: `decode` those written by all sequences together, `each` by one of
    them, `prefill` those read of prompts. None where the GPU's bandwidth or TFLOPS is not known."""

    decode: Range | None
    each: Range | None
    prefill: Range | None
    why: str
    assumptions: tuple[str, ...]
    ttft: Range | None = None
    """Seconds from a request to its first token, at this load."""
    sequences: int = 1
    """Answered at once: those asked for, as far as there is room."""
    parts: tuple[StepPart, ...] = ()
    """Of one step that writes a token of each sequence."""


Unit = Literal[
    "tokens written",
    "tokens trained",
    "images",
    "images trained",
    "seconds of video",
    "seconds of sound",
    "texts",
]
"""What one unit of work is."""


class WorkRate(NamedTuple):
    """Units of work a second that a machine does, all its GPUs together; `why` is the arithmetic in words."""

    unit: Unit
    per_second: Range
    why: str
    assumptions: tuple[str, ...] = ()


class WorkAsked(NamedTuple):
    """Units of work that the commands of a job ask for; `why` is the arithmetic in words."""

    unit: Unit
    total: Range
    why: str


def idle(copies: int, gpus: int) -> tuple[str, ...]:
    """What to say where fewer GPUs work than the machine has."""
    return (f"{copies} of {gpus} GPUs work: one process uses one",) if copies < gpus else ()
