"""Need: memory by phase and part, as a range, with the assumptions made. Fit: a Need against one GPU."""

from collections.abc import Sequence
from typing import Any, Literal

from gpuspec.catalog import Gpu
from gpuspec.named_tuple import NamedTuple

Size = Literal["allocated", "reserved", "process"]
"""Three sizes of the same memory, each more than the one before: what tensors take
(torch.cuda.max_memory_allocated), what the allocator holds for them (max_memory_reserved), and what the whole process
takes (nvidia-smi), with CUDA context, NCCL and graphs. A published figure states one of them."""
SIZES: tuple[Size, ...] = ("allocated", "reserved", "process")
Confidence = Literal["high", "medium", "low"]


class Part(NamedTuple):
    """One part of the memory of one GPU, GiB. `why` is the arithmetic in words and numbers; `counted_from` the least
    of the three sizes that counts it; `fitted`: whether a factor in it was fitted to measurements, where others are
    counted from the model or read in the engine's source. Nine times in ten it is from `low` to `high`."""

    name: str
    low: float
    expected: float
    high: float
    why: str
    counted_from: Size = "allocated"
    fitted: bool = False


class Phase(NamedTuple):
    """What stands on one GPU at one time of the work: loading, a prompt's pass, decoding, an optimizer's step."""

    name: str
    parts: tuple[Part, ...]

    def of(self, size: Size = "process") -> tuple[float, float, float]:
        """(low, expected, high) of one of the three sizes, GiB."""
        counted = self.parts
        if size != "process":
            counted = tuple(part for part in counted if SIZES.index(part.counted_from) <= SIZES.index(size))
        low = expected = high = 0.0
        for part in counted:
            low += part.low
            expected += part.expected
            high += part.high
        return low, expected, high


_OF_PICTURES = ("denoiser", "text encoders", "VAE")


class Need(NamedTuple):
    """Memory of each GPU, GiB, when the work is spread over `gpus` of them. Never a bare number.

    Phases follow each other, so the memory needed is that of the largest, not their sum."""

    phases: tuple[Phase, ...]
    gpus: int
    engine: str
    assumptions: tuple[str, ...]
    confidence: Confidence
    sequences: int = 1
    """How many sequences the KV cache is of."""
    on_host: float = 0.0
    """Weights that stay on the host, GiB."""
    engine_version: str | None = None
    """As stated; None: today's."""

    @property
    def deciding(self) -> Phase:
        """The phase that needs most; the first of several."""
        return max(self.phases, key=lambda phase: phase.of()[1])

    @property
    def parts(self) -> tuple[Part, ...]:
        """What stands there in the deciding phase."""
        return self.deciding.parts

    def of(self, size: Size = "process") -> tuple[float, float, float]:
        """(low, expected, high) of the largest phase in one of the three sizes, GiB: each the most of any phase."""
        low, expected, high = zip(*(phase.of(size) for phase in self.phases), strict=True)
        return max(low), max(expected), max(high)

    @property
    def low(self) -> float:
        """The least it can be, GiB per GPU."""
        return self.of()[0]

    @property
    def expected(self) -> float:
        """The best estimate, GiB per GPU."""
        return self.of()[1]

    @property
    def high(self) -> float:
        """The most it should be, GiB per GPU."""
        return self.of()[2]

    @property
    def weights(self) -> float:
        """The weights, GiB, on all GPUs and the host together."""
        return self.largest("weights") * self.gpus + self.on_host

    @property
    def loaded(self) -> float:
        """What is read from files before it stands on the GPUs, GiB, at least: the weights, or once each of the parts
        that make a picture."""
        return self.weights + sum(map(self.largest, _OF_PICTURES))

    @property
    def kv_cache(self) -> float:
        """The KV cache, GiB per GPU."""
        return self.largest("KV cache")

    @property
    def beside_cache(self) -> float:
        """What is expected beside the KV cache in any phase, GiB per GPU: it has the rest."""
        return self.holding(0)

    def holding(self, sequences: int) -> float:
        """GiB per GPU expected where so many sequences lie in the KV cache."""
        more = sequences / self.sequences - 1
        cache = [
            sum(part.expected for part in phase.parts if part.name == "KV cache") for phase in self.phases
        ]
        return max(phase.of()[1] + more * held for phase, held in zip(self.phases, cache, strict=True))

    def largest(self, name: str) -> float:
        """The most that parts of a name are expected to take in any phase, GiB per GPU."""
        return max(sum(part.expected for part in phase.parts if part.name == name) for phase in self.phases)


FITTED = 0.1
"""The share of fitted parts from which a Need is no longer counted."""


def confidence(phases: Sequence[Phase], *, known: bool, counted: bool) -> Confidence:
    """How far to trust a Need, from how it came about.

    "low" where widths of another model stand in for those of this one (not `known`); "high" where all is `counted`,
    from the model and from the engine's source, but for at most a tenth of the largest phase; else "medium"."""
    if not known:
        return "low"
    largest = max(phases, key=lambda phase: phase.of()[1])
    fitted = sum(part.expected for part in largest.parts if part.fitted)
    return "high" if counted and fitted <= FITTED * largest.of()[1] else "medium"


GIVE_PARAMS = "give --params-b (billions), or model.params_b in a job"


class Unsized(NamedTuple):
    """No Need can be given; `reason` says which fact is missing, in words for the user."""

    reason: str
    hint: str = ""
    """What to do about it, where the reason does not say."""


def unknown_scheme(scheme: str | None) -> Unsized:
    """Nobody knows how many bits a weight of this quantization takes."""
    hint = "give --quantization, or model.quantization in a job: awq, gptq-int4, fp8, nf4, gguf:Q4_K_M …"
    return Unsized(f"the size of quantization {scheme!r} is not known", hint)


class Fit(NamedTuple):
    """`fits`: the high estimate is within usable memory · `does not fit`: the low one is not ·
    `borderline`: the range straddles it. `part` names the part that decides, in the phase that does; `usable` is GiB
    per GPU."""

    verdict: Literal["fits", "borderline", "does not fit"]
    gpu: Gpu
    need: Need
    usable: float
    part: str
    phase: str = ""

    @property
    def decided_by(self) -> str:
        """The part that decides, and in which phase where not every phase has it: `activations (denoise)`."""
        always = all(any(part.name == self.part for part in phase.parts) for phase in self.need.phases)
        return self.part if always or not self.phase else f"{self.part} ({self.phase})"


MOST_KINDS = 64
"""Kinds of work whose sizes are kept in a run."""


class Sizes:
    """Of one kind of work: what it needs on so many GPUs of a kind, and how it fits on each machine. `of` is what it
    is known by, which is kept as long."""

    __slots__ = ("fits", "needs", "of")

    def __init__(self, of: object) -> None:
        self.needs: dict[tuple[int, object], Need | Unsized] = {}
        self.fits: dict[tuple[str, int], Fit | None] = {}
        self.of = of


def same_sizes(known: dict[object, Any], key: object, of: object) -> Sizes:
    """Those of a kind of work: a folder has a thousand manifests, and few models."""
    if key not in known:
        if len(known) >= MOST_KINDS:
            known.clear()
        known[key] = Sizes(of)
    found: Sizes = known[key]
    return found
