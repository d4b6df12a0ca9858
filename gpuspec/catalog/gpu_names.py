"""Resolving GPU names: one dictionary look-up after the spelling is made plain; nothing is guessed."""

from __future__ import annotations

from functools import lru_cache

from gpuspec.catalog.facts import read_gpu, read_gpus, read_instances
from gpuspec.catalog.gpu import Gpu, GpuMatch

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
    "rtx6000": (
        "Quadro RTX 6000",
        "RTX 6000 Ada",
        "RTX PRO 6000 Blackwell",
    ),
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

_index: dict[str, tuple[Gpu, bool]] = {}
_gpus: dict[str, Gpu] = {}
_instances: dict[str, tuple[str, int | None]] = {}


def _plain(name: str) -> str:
    """Lower case, no separators, no maker in front: "NVIDIA GeForce RTX 4090" → "rtx4090"."""
    key = name.lower().translate(_SEPARATORS)
    for maker in _MAKERS:
        key = key.removeprefix(maker)
    return key


def index() -> dict[str, tuple[Gpu, bool]]:
    """Plain spelling → (GPU, whether that spelling is an old one). Built once, on first use."""
    if not _index:
        for gpu in read_gpus():
            _index.setdefault(_plain(gpu.name), (gpu, False))
            for vocabulary, alias in gpu.aliases:
                _index.setdefault(_plain(alias), (gpu, vocabulary == "old"))
            if gpu.name[4:8].isdigit() and gpu.name.startswith("RTX "):
                _index.setdefault(_plain(gpu.name[4:]), (gpu, False))
        for key in _AMBIGUOUS:
            _index.pop(key, None)
    return _index


def by_name(name: str) -> Gpu | None:
    """The GPU of exactly this canonical name."""
    if not _gpus:
        _gpus.update((gpu.name, gpu) for gpu in read_gpus())
    return _gpus.get(name)


def instances() -> dict[str, tuple[str, int | None]]:
    """Lower-case instance type → (canonical GPU name, number of GPUs)."""
    if not _instances:
        _instances.update(read_instances())
    return _instances


def _named(names: tuple[str, ...]) -> tuple[Gpu, ...]:
    return tuple(gpu for name in names if (gpu := by_name(name)))


@lru_cache(maxsize=256)  # many specs name few GPUs
def resolve(name: str) -> GpuMatch:
    """See `gpuspec.catalog.resolve_gpu`."""
    written = name.strip()
    if not written or not written.isascii() or len(written) > _LONGEST:
        return GpuMatch(None)
    whole = _look_up(written, None)
    if whole is not None:
        return whole
    rest, number = _split_count(written)
    if number is not None:
        counted = _look_up(rest, number)
        if counted is not None:
            return counted
    return GpuMatch(None, suggestions=_nearest(rest if ":" in written else written))


def _look_up(name: str, number: int | None) -> GpuMatch | None:
    if name.lower() in _GCP_ACCELERATORS:
        return GpuMatch(by_name(_GCP_ACCELERATORS[name.lower()]), gpu_count=number)
    key = _plain(name)
    if key in _AMBIGUOUS:
        return GpuMatch(None, _named(_AMBIGUOUS[key]), gpu_count=number)
    if not _index and (only := read_gpu(name)):
        return GpuMatch(only, gpu_count=number)
    found = index().get(key)
    if found is not None:
        gpu, outdated = found
        return GpuMatch(gpu, gpu_count=number, deprecated=gpu.name if outdated else None)
    instance = instances().get(name.lower())
    if instance is not None:
        return GpuMatch(by_name(instance[0]), gpu_count=number or instance[1])
    return _with_memory(key, number)


def _with_memory(key: str, number: int | None) -> GpuMatch | None:
    """ "l40s48gb": the memory must be the GPU's own, or it is another card."""
    for unit in ("gb", "gib", "g"):
        if not key.endswith(unit):
            continue
        body = key[: -len(unit)]
        digits = len(body) - len(body.rstrip("0123456789"))
        for size in range(min(3, digits), 0, -1):
            base, memory = body[:-size].rstrip(":"), int(body[-size:])
            if base in _AMBIGUOUS:
                gpus = tuple(gpu for gpu in _named(_AMBIGUOUS[base]) if gpu.vram_gb == memory)
                if len(gpus) == 1:
                    return GpuMatch(gpus[0], gpu_count=number)
                if gpus:
                    return GpuMatch(None, gpus, gpu_count=number)
            elif base in index() and index()[base][0].vram_gb == memory:
                return GpuMatch(index()[base][0], gpu_count=number)
    return None


def _split_count(name: str) -> tuple[str, int | None]:
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
    return whole == "0" and bool(dot) and part.isdigit()


def _is_count(text: str) -> bool:
    return text.isdigit() and 1 <= int(text[:4]) <= 1024 and not text.startswith("0")


def _nearest(name: str) -> tuple[str, ...]:
    """Names of the nearest GPUs, best first. Only called on a miss: difflib is slow."""
    from difflib import get_close_matches

    key = _plain(name)
    if not key:
        return ()
    near = get_close_matches(key, [*index(), *_AMBIGUOUS], n=6, cutoff=0.75)
    names: dict[str, None] = {}
    for each in near:
        for gpu in _named(_AMBIGUOUS[each]) if each in _AMBIGUOUS else (index()[each][0],):
            names[gpu.name] = None
    return tuple(names)[:3]
