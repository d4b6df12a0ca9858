"""What a published figure of memory counts, and what gpuspec says to exactly that."""

from __future__ import annotations

from typing import Any, NamedTuple

from gpuspec.sizing import Need
from gpuspec.sizing.memory import Part, Phase, Size

WEIGHTS = ("weights", "denoiser")
CACHE = "KV cache"
NOT_PROFILED = (CACHE, "CUDA context", "CUDA graphs")
"""What vLLM's profile run does not count: the cache is what is left over, graphs are captured later, and the CUDA
context is there before its first look at the memory (vllm/utils/mem_utils.py, `memory_profiling`)."""
RESIDENT = ("Qwen3 speed benchmark",)
"""Sources whose figure is what stays after an answer: that of Qwen3 is weights and cache to a thousandth, after
prompts of 30,720 tokens, whose pass takes 2 to 6 GiB in any version of transformers."""
STATED_PARTS = {"activation_gib": ("activations",), "nontorch_gib": ("NCCL",)}
"""Fields of a row that state a part of it, in GiB per GPU → the parts of a Need that they are."""


class Measure(NamedTuple):
    """The size that a figure states, and which parts: `only` these, or all `without` those; of the phase of that name
    where there is one, else of any."""

    size: Size
    only: tuple[str, ...] = ()
    without: tuple[str, ...] = ()
    phase: str | None = None
    files: bool = False
    """With the weights that an engine leaves on the host."""

    def counts(self, part: Part) -> bool:
        """Whether a part is in the figure, as far as its name goes."""
        return part.name in self.only if self.only else part.name not in self.without

    def of(self, need: Need) -> tuple[float, float, float]:
        """(low, expected, high) of a Need, GiB per GPU: each the most of any phase."""
        own = [phase for phase in need.phases if phase.name == self.phase]
        counted = [
            Phase(phase.name, tuple(filter(self.counts, phase.parts))).of(self.size)
            for phase in own or need.phases
        ]
        low, expected, high = zip(*counted, strict=True)
        host = need.on_host if self.files else 0.0
        return max(low) + host, max(expected) + host, max(high) + host


def measure_of(row: dict[str, Any]) -> Measure:
    """What the figure of a row counts, by its task and the words of its measure."""
    words = str(row.get("measure") or "").lower()
    if row.get("task") == "weights" or "file size" in words or "weights only" in words:
        return Measure("process", only=WEIGHTS, files=True)
    if row.get("task") == "kv_cache" or words.startswith("kv cache"):
        return Measure("process", only=(CACHE,))
    if row.get("task") == "inference_runtime":
        return Measure("process", without=NOT_PROFILED, phase="trial pass")
    resident = any(name in str(row.get("source")) for name in RESIDENT)
    return Measure(size_of(words), phase="decoding" if resident else None)


def size_of(words: str) -> Size:
    """Which of the three sizes a measure states; the whole process where it does not say."""
    if "reserved" in words:
        return "reserved"
    within = words.replace("non_torch", "").replace("non-torch", "")
    return "allocated" if "torch" in within or "allocated" in within else "process"
