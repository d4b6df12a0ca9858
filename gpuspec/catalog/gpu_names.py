"""Resolving GPU names: one dictionary look-up after the spelling is made plain; nothing is guessed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import cache, cached_property, lru_cache

from gpuspec.catalog.gpu import Gpu, GpuMatch
from gpuspec.catalog.instance import Instances
from gpuspec.catalog.shipped import read_gpus, read_instances
from gpuspec.numerals import is_digits

_SEPARATORS = str.maketrans("", "", " -_\t")
_MAKERS = ("nvidia", "geforce", "tesla", "amd", "instinct", "intel", "habana")
_LONGEST = 80

_AMBIGUOUS = {
    "a100": ("A100 40GB", "A100 80GB"),
    "a100pcie": ("A100 80GB PCIe", "A100 40GB PCIe"),
    "a100sxm": ("A100 80GB SXM4", "A100 40GB SXM4"),
    "a100sxm4": ("A100 80GB SXM4", "A100 40GB SXM4"),
    "h100": ("H100 SXM", "H100 PCIe", "H100 NVL"),
    "h10080gb": ("H100 SXM", "H100 PCIe"),
    "v100": ("V100 16GB", "V100 32GB"),
    "v100sxm2": ("V100 SXM2 16GB", "V100 SXM2 32GB"),
    "v100pcie": ("V100 PCIe 16GB", "V100 PCIe 32GB"),
    "rtx4000": ("RTX 4000 Ada", "Quadro RTX 4000"),
    "rtx5000": ("RTX 5000 Ada", "Quadro RTX 5000"),
    "rtx6000": ("Quadro RTX 6000", "RTX 6000 Ada", "RTX PRO 6000 Blackwell"),
    "6000": ("Quadro RTX 6000", "RTX A6000", "RTX 6000 Ada", "RTX PRO 6000 Blackwell"),
    "rtx4060ti": ("RTX 4060 Ti 16GB", "RTX 4060 Ti 8GB"),
    "rtx5060ti": ("RTX 5060 Ti 16GB", "RTX 5060 Ti 8GB"),
    "gaudi": ("Gaudi 2", "Gaudi 3", "Gaudi 1"),
}
"""Names that several GPUs share; first what the launcher (SkyPilot) takes for the bare name."""

_GCP_ACCELERATORS = {
    "nvidia-tesla-a100": "A100 40GB SXM4",
    "nvidia-tesla-v100": "V100 SXM2 16GB",
    "nvidia-a100-80gb": "A100 80GB SXM4",
    "nvidia-h100-80gb": "H100 SXM",
}
"""Names of GCP's own that mean one form there, and several elsewhere."""


def _plain(name: str) -> str:
    """Lower case, no separators, no maker in front: "NVIDIA GeForce RTX 4090" → "rtx4090"."""
    key = name.lower().translate(_SEPARATORS)
    if key.startswith(_MAKERS):
        for maker in _MAKERS:
            key = key.removeprefix(maker)
    return key


class GpuNames:
    """The GPUs of one catalogue, by the names people give them.

    `read_all` gives every GPU. `read_one`, if given, gives the GPU of exactly one canonical name without decoding the
    others; it is asked while they have not been read."""

    def __init__(
        self, read_all: Callable[[], Iterable[Gpu]], read_one: Callable[[str], Gpu | None] | None = None
    ) -> None:
        self._read_all = read_all
        self._read_one = read_one
        self.resolve = lru_cache(maxsize=256)(self._resolve)  # many specs name few GPUs
        """What a written name means: see `Catalog.resolve_gpu`."""

    @cached_property
    def gpus(self) -> tuple[Gpu, ...]:
        """Every GPU, in catalogue order."""
        self._read_one = None
        return tuple(self._read_all())

    @cached_property
    def by_name(self) -> dict[str, Gpu]:
        """Canonical name → GPU."""
        return {gpu.name: gpu for gpu in self.gpus}

    @cached_property
    def instances(self) -> Instances:
        """Instance types of clouds, by their names in lower case."""
        return read_instances()

    @cached_property
    def _index(self) -> dict[str, tuple[Gpu, bool]]:
        """Plain spelling → (GPU, whether that spelling is an old one)."""
        index: dict[str, tuple[Gpu, bool]] = {}
        for gpu in self.gpus:
            index.setdefault(_plain(gpu.name), (gpu, False))
            for vocabulary, alias in gpu.aliases:
                index.setdefault(_plain(alias), (gpu, vocabulary == "old"))
            if is_digits(gpu.name[4:8]) and gpu.name.startswith("RTX "):
                index.setdefault(_plain(gpu.name[4:]), (gpu, False))
        for key in _AMBIGUOUS:
            index.pop(key, None)
        return index

    def _resolve(self, name: str) -> GpuMatch:
        written = name.strip()
        if not written or not written.isascii() or len(written) > _LONGEST:
            return GpuMatch(None)
        whole = self._look_up(written, None)
        if whole is not None:
            return whole
        rest, number = split_count(written)
        if number is not None:
            counted = self._look_up(rest, number)
            if counted is not None:
                return counted
        return GpuMatch(None, suggestions=self._nearest(rest if ":" in written else written))

    def _look_up(self, name: str, number: int | None) -> GpuMatch | None:
        if name.lower() in _GCP_ACCELERATORS:
            return self._one(self.by_name.get(_GCP_ACCELERATORS[name.lower()]), number)
        key = _plain(name)
        if key in _AMBIGUOUS:
            return self._several(self._named(_AMBIGUOUS[key]), number)
        if self._read_one and (only := self._read_one(name)):
            return self._one(only, number)
        if not self._read_one and (canonical := self.by_name.get(name)):
            return self._one(
                canonical, number
            )  # an index of all spellings takes longer than all the look-ups
        found = self._index.get(key)
        if found is not None:
            gpu, outdated = found
            return self._one(gpu, number, gpu.name if outdated else None)
        instance = self.instances.get(name.lower())
        if instance is not None:
            carried = self.by_name.get(instance.gpu)
            if instance.whole:
                return self._one(carried, number or instance.gpu_count)
            memory = carried.vram_gb if carried else None
            return GpuMatch(None, note=instance.share(memory) or instance.refusal())
        return self._with_memory(key, number)

    def _with_memory(self, key: str, number: int | None) -> GpuMatch | None:
        """ "l40s48gb": the memory must be the GPU's own, or it is another card."""
        for unit in ("gb", "gib", "g"):
            if not key.endswith(unit):
                continue
            body = key[: -len(unit)]
            digits = len(body) - len(body.rstrip("0123456789"))
            for size in range(min(3, digits), 0, -1):
                base, memory = body[:-size].rstrip(":"), int(body[-size:])
                if base in _AMBIGUOUS:
                    gpus = tuple(gpu for gpu in self._named(_AMBIGUOUS[base]) if gpu.vram_gb == memory)
                    if len(gpus) == 1:
                        return self._one(gpus[0], number)
                    if gpus:
                        return self._several(gpus, number)
                elif base in self._index and self._index[base][0].vram_gb == memory:
                    return self._one(self._index[base][0], number)
        return None

    def _one(self, gpu: Gpu | None, number: int | None, deprecated: str | None = None) -> GpuMatch:
        accepts = self._accepted((gpu,)) if gpu else ()
        return GpuMatch(gpu, gpu_count=number, deprecated=deprecated, accepts=accepts)

    def _several(self, gpus: tuple[Gpu, ...], number: int | None) -> GpuMatch:
        return GpuMatch(None, gpus, gpu_count=number, accepts=self._accepted(gpus))

    def _accepted(self, gpus: Sequence[Gpu]) -> tuple[str, ...]:
        """Their names, those of their variants, and of each GPU that stands for nothing but these."""
        names: dict[str, None] = {}
        for gpu in gpus:
            names.update(dict.fromkeys((gpu.name, *gpu.variants)))
        for gpu in self.gpus if len(names) > 1 else ():
            if gpu.variants and all(variant in names for variant in gpu.variants):
                names[gpu.name] = None
        return tuple(names)

    def _named(self, names: tuple[str, ...]) -> tuple[Gpu, ...]:
        return tuple(self.by_name[name] for name in names if name in self.by_name)

    def _nearest(self, name: str) -> tuple[str, ...]:
        """Names of the nearest GPUs, best first. Only called on a miss: difflib is slow."""
        from difflib import get_close_matches

        key = _plain(name)
        if not key:
            return ()
        near = get_close_matches(key, [*self._index, *_AMBIGUOUS], n=6, cutoff=0.75)
        names: dict[str, None] = {}
        for each in near:
            for gpu in self._named(_AMBIGUOUS[each]) if each in _AMBIGUOUS else (self._index[each][0],):
                names[gpu.name] = None
        return tuple(names)[:3]


def split_count(name: str) -> tuple[str, int | None]:
    """("A100", 4) of "A100:4", "4x A100", "A100 x4", "A100-80GB:80GB:4"."""
    base, colon, tail = name.rpartition(":")
    if colon:
        if _is_share(tail):
            return base, 1
        return (base, int(tail)) if _is_count(tail) else (name, None)
    low = name.lower()
    head, cross, rest = low.partition("x")
    if cross and _is_count(head.strip()) and rest.strip():
        return name[len(name) - len(rest) :].strip(" -_"), int(head)
    rest, cross, tail = low.rpartition("x")
    if cross and _is_count(tail.strip()) and rest.strip():
        return name[: len(rest)].strip(" -_"), int(tail)
    return name, None


def _is_share(text: str) -> bool:
    """Part of one GPU, as Kubernetes and Ray write it: "V100:0.5"."""
    whole, dot, part = text.partition(".")
    return whole == "0" and bool(dot) and is_digits(part)


def _is_count(text: str) -> bool:
    return is_digits(text) and len(text) <= 4 and int(text) <= 1024 and not text.startswith("0")


@cache
def shipped_names() -> GpuNames:
    """The names of the GPUs that ship, for whoever reads a file and has no catalogue at hand."""
    return GpuNames(read_gpus)


def is_gpu_name(name: str) -> bool:
    """Whether a GPU is called so, or several are."""
    return bool(shipped_names().resolve(name).accepts)
