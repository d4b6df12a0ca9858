"""Need: memory by part, as a range, with the assumptions made. Fit: a Need against one GPU."""

from typing import Literal, NamedTuple

from gpuspec.catalog import Gpu


class Part(NamedTuple):
    """One part of the memory of one GPU, GiB. `why` is the arithmetic in words and numbers."""

    name: str
    low: float
    expected: float
    high: float
    why: str


_OF_PICTURES = ("denoiser", "text encoders", "VAE")


class Need(NamedTuple):
    """Memory of each GPU, GiB, when the work is spread over `gpus` of them. Never a bare number."""

    parts: tuple[Part, ...]
    gpus: int
    engine: str
    assumptions: tuple[str, ...]
    confidence: Literal["high", "medium", "low"]

    @property
    def low(self) -> float:
        """The least it can be, GiB per GPU."""
        return sum(part.low for part in self.parts)

    @property
    def expected(self) -> float:
        """The best estimate, GiB per GPU."""
        return sum(part.expected for part in self.parts)

    @property
    def high(self) -> float:
        """The most it should be, GiB per GPU."""
        return sum(part.high for part in self.parts)

    @property
    def weights(self) -> float:
        """The weights, GiB, on all GPUs together."""
        return sum(part.expected for part in self.parts if part.name == "weights") * self.gpus

    @property
    def loaded(self) -> float:
        """What is read from files before it stands on the GPUs, GiB, at least: the weights, or once each of the parts
        that make a picture."""
        return self.weights + sum(part.expected for part in self.parts if part.name in _OF_PICTURES)

    @property
    def kv_cache(self) -> float:
        """The KV cache, GiB per GPU."""
        return sum(part.expected for part in self.parts if part.name == "KV cache")


class Unsized(NamedTuple):
    """No Need can be given; `reason` says which fact is missing, in words for the user."""

    reason: str
    hint: str = "give --params-b (billions), or model.params_b in a job"


def unknown_scheme(scheme: str | None) -> Unsized:
    """Nobody knows how many bits a weight of this quantization takes."""
    hint = "give --quantization, or model.quantization in a job: awq, gptq-int4, fp8, nf4, gguf:Q4_K_M …"
    return Unsized(f"the size of quantization {scheme!r} is not known", hint)


class Fit(NamedTuple):
    """`fits`: the high estimate is within usable memory · `does not fit`: the low one is not ·
    `borderline`: the range straddles it. `part` names the part that decides; `usable` is GiB per GPU."""

    verdict: Literal["fits", "borderline", "does not fit"]
    gpu: Gpu
    need: Need
    usable: float
    part: str
