"""One way to get a job's work done, and what may be compared of two."""

from collections.abc import Iterator

from gpuspec.catalog import Gpu
from gpuspec.named_tuple import NamedTuple
from gpuspec.planning.price_lists import Price
from gpuspec.sizing import Fit
from gpuspec.workload import Workload

COUNTS = (1, 2, 4, 8)
"""Machines are rented with these many GPUs."""


def counts_to(most: int) -> tuple[int, ...]:
    """The sizes of machines with at most so many GPUs."""
    return tuple(number for number in COUNTS if number <= most)


class Alternative(NamedTuple):
    """One way to get the work done: so many of one GPU, at the cheapest offer within the job's limits.

    `price` is None where nobody offers it, `fit` where Need is unknown; `speed` is what bounds this work
    (GB/s of memory, or dense 16-bit TFLOPS; all GPUs together), None if unknown; `pointer` is where the spec
    names it, "" where it does not."""

    gpu: Gpu
    gpu_count: int
    price: Price | None
    fit: Fit | None
    speed: float | None
    pointer: str = ""

    @property
    def label(self) -> str:
        """ "2 × A100 80GB", or the bare name for one."""
        return self.gpu.name if self.gpu_count == 1 else f"{self.gpu_count} × {self.gpu.name}"

    @property
    def per_hour(self) -> float:
        """Dollars per hour; infinite where nobody offers it."""
        return self.price.per_hour if self.price else float("inf")

    @property
    def verdict(self) -> str | None:
        """ "fits", "borderline" or "does not fit"; None where Need is unknown."""
        return self.fit.verdict if self.fit else None


class InOrder:
    """Alternatives that are looked for as far as somebody asks for them, and once: a thousand specs ask the same."""

    def __init__(self, source: Iterator[Alternative]) -> None:
        self._source = source
        self._found: list[Alternative] = []

    def __iter__(self) -> Iterator[Alternative]:
        at = 0
        while True:
            if at == len(self._found):
                one = next(self._source, None)
                if one is None:
                    return
                self._found.append(one)
            yield self._found[at]
            at += 1


def generates_text(workload: Workload) -> bool:
    """Whether the work is a model writing tokens (as Whisper does), which memory bandwidth bounds."""
    tokens = (None, "text", "llm", "vlm", "multimodal", "audio")
    return workload.task != "train" and workload.modality in tokens


def speed_of(workload: Workload, gpu: Gpu, gpu_count: int) -> float | None:
    """What bounds the work on these GPUs, in one unit per workload: memory bandwidth (GB/s) where tokens are
    generated, since each reads all active weights; 16-bit tensor TFLOPS (dense) for training and images."""
    one = gpu.bandwidth_gbs if generates_text(workload) else gpu.fp16_tflops
    return None if one is None else one * gpu_count
