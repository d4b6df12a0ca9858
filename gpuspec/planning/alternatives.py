"""The GPUs a spec accepts, and what else would do the same work: the comparison behind the money rules."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from gpuspec.catalog import Gpu
from gpuspec.job import Job
from gpuspec.planning.limits import wanted
from gpuspec.planning.prices import Price, PriceBook
from gpuspec.sizing import Fit, Need, Unsized
from gpuspec.workload import Workload

NeedFor = Callable[[int], "Need | Unsized"]
"""Number of GPUs → memory per GPU."""

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


def generates_text(workload: Workload) -> bool:
    """Whether the work is a model writing tokens (as Whisper does), which memory bandwidth bounds."""
    return workload.task != "train" and workload.modality in (
        None,
        "text",
        "llm",
        "vlm",
        "multimodal",
        "audio",
    )


def speed_of(workload: Workload, gpu: Gpu, gpu_count: int) -> float | None:
    """What bounds the work on these GPUs, in one unit per workload: memory bandwidth (GB/s) where tokens are
    generated, since each reads all active weights; 16-bit tensor TFLOPS (dense) for training and images."""
    one = gpu.bandwidth_gbs if generates_text(workload) else gpu.fp16_tflops
    return None if one is None else one * gpu_count


class Market:
    """What one job may rent: its own choices and everything else that fits, priced."""

    def __init__(self, job: Job, workload: Workload, need_for: NeedFor, book: PriceBook) -> None:
        self.job = job
        self.workload = workload
        self.need_for = need_for
        self.book = book

    def instead(self, workload: Workload) -> Market:
        """The same market for the job done another way."""
        from gpuspec.sizing import need

        return Market(self.job, workload, lambda gpus: need(workload, gpus), self.book)

    def fit_for(self, needed: Need, gpu: Gpu) -> Fit:
        """A Need against a GPU at the utilisation that the job's command sets."""
        from gpuspec.sizing import fit

        return fit(needed, gpu, self.workload.memory_utilization)

    def cheapest(self, gpu: str, gpu_count: int, job: Job | None = None) -> Price | None:
        """The cheapest offer of a GPU within the limits of the job, or of `job`: see `PriceBook.cheapest`."""
        return self.book.cheapest(gpu, gpu_count, job or self.job)

    def way(self, gpu: Gpu, gpu_count: int, pointer: str = "") -> Alternative:
        """One GPU × count, priced and sized."""
        needed = self.need_for(gpu_count)
        return Alternative(
            gpu,
            gpu_count,
            self.cheapest(gpu.name, gpu_count),
            self.fit_for(needed, gpu) if isinstance(needed, Need) else None,
            speed_of(self.workload, gpu, gpu_count),
            pointer,
        )

    def choices(self) -> tuple[Alternative, ...]:
        """Every known GPU that the spec names, in the order written."""
        found = []
        per_machine = wanted(self.job, self.workload, self.book.catalog).gpu_count
        for written in self.job.gpu_types:
            match = self.book.catalog.resolve_gpu(written.name)
            meant = (match.gpu,) if match.gpu else match.ambiguous
            gpu_count = written.gpu_count or match.gpu_count or per_machine
            if meant:
                found.append(_taken([self.way(gpu, gpu_count, written.pointer) for gpu in meant]))
        return tuple(found)

    def fitting(self, counts: Sequence[int] = (1,)) -> Iterator[Alternative]:
        """Every GPU × count that surely fits and can be rented, cheapest first, as they are asked for. Keeps the
        spec's `min_vram`: it may stand for memory that we cannot see."""
        floor = self.job.min_vram or 0
        found = self.book.fitting(self.need_for, self.fit_for, self.job, counts)
        for one in found:
            if one.gpu.vram_gb >= floor:
                yield Alternative(
                    one.gpu,
                    one.gpu_count,
                    one.price,
                    one.fit,
                    speed_of(self.workload, one.gpu, one.gpu_count),
                )

    def least(self, taken: Alternative) -> float:
        """What the work costs an hour as it is, on the cheapest machine with no more GPUs than the one taken."""
        same = (way for way in self.fitting(counts_to(taken.gpu_count)) if self.holds_concurrency(way))
        return min(taken.per_hour, next((way.per_hour for way in same), taken.per_hour))

    def better(
        self,
        than: Alternative,
        counts: Sequence[int],
        *,
        min_saving: float,
        min_speed: float,
        per_work: bool = True,
        most_vram: float | None = None,
    ) -> Alternative | None:
        """The cheapest way that fits, costs at least `min_saving` (a share) less per hour, and does the same
        class of work: at least `min_speed` of the speed and, with `per_work`, as much less per unit of work.
        `most_vram`: share of the GPU's memory that the other may have at most (None: any amount).
        None where there is none, or where a fact for the comparison is missing. Training on several GPUs is
        compared with nothing: how many it takes is a choice of speed, and links between GPUs decide it."""
        if than.price is None or not than.speed or (self.workload.task == "train" and than.gpu_count > 1):
            return None
        limit = float("inf") if most_vram is None else than.gpu.vram_gb * most_vram
        for one in self.fitting(counts):
            if one.per_hour > than.per_hour * (1 - min_saving):
                return None
            if one.gpu.vram_gb > limit or not one.speed or one.speed < than.speed * min_speed:
                continue
            if one.gpu_count not in (1, than.gpu_count) and one.gpu.name != than.gpu.name:
                continue  # another kind of GPU, and another number of them, is another machine
            if not self.holds_concurrency(one):
                continue
            work = (one.per_hour / one.speed) / (than.per_hour / than.speed)
            if not per_work or work <= 1 - min_saving:
                return one
        return None

    def holds_concurrency(self, one: Alternative) -> bool:
        """Whether the KV cache of the declared concurrency fits too: an engine that queues would run with less,
        but then it would not do the same work. True where no concurrency was declared."""
        sequences = self.workload.concurrency
        if not sequences or one.fit is None or "concurrency" not in self.workload.origins:
            return True
        from gpuspec.engines import engine_of

        if not engine_of(self.workload.engine).memory.queues:
            return True
        needed = one.fit.need
        cache = sum(part.expected for part in needed.parts if part.name == "KV cache")
        return needed.expected + cache * (sequences - 1) <= one.fit.usable

    def fewer(self, than: Alternative, *, min_saving: float, min_speed: float) -> Alternative | None:
        """The cheapest way with fewer GPUs: of the same kind, or a single one of any. A model that is split for
        answering loses to communication, so the hour decides."""
        counts = counts_to(than.gpu_count - 1)
        if not counts or (self.workload.data_parallel or 1) > 1:
            return None
        return self.better(than, counts, min_saving=min_saving, min_speed=min_speed, per_work=False)


def _taken(ways: list[Alternative]) -> Alternative:
    """What a name that several GPUs share comes down to: the cheapest that is not too small, as the plan takes
    it; where all are too small, the largest."""
    enough = [way for way in ways if way.verdict != "does not fit"]
    if not enough:
        return max(ways, key=lambda way: way.gpu.vram_gib)
    return min(enough, key=lambda way: way.per_hour)
