"""The CUDA that published builds bring along: it decides which GPUs they have kernels for."""

import re

from gpuspec.engines.engine import Version
from gpuspec.numerals import small_number

Builds = tuple[tuple[Version, Version], ...]
"""(first version, CUDA of its builds), oldest first; what is older is not known."""

PYTORCH: Builds = (
    ((1, 13), (11, 7)),
    ((2, 1), (12, 1)),
    ((2, 5), (12, 4)),
    ((2, 7), (12, 6)),
    ((2, 8), (12, 8)),
    ((2, 11), (13, 0)),
)
"""PyTorch's wheels for Linux on PyPI. Source: the nvidia-cuda-runtime that each release requires there; from 2.11 on
its RELEASE.md (pytorch#175253, #178665). Builds for CUDA before 12.8 hold no kernels for compute capability 10.0 and
12.0 (.ci/manywheel/build_cuda.sh), those for 13.0 none below 7.5 (pytorch#172352)."""
LAST_PYTORCH = {(11, 8): (2, 7), (12, 1): (2, 5), (12, 4): (2, 6)}
"""CUDA → the last PyTorch that download.pytorch.org has for it: an extra index of these is passed over by newer ones
(RELEASE.md, "Release Compatibility Matrix")."""

NGC: Builds = (
    ((22, 9), (11, 8)),
    ((23, 4), (12, 1)),
    ((23, 8), (12, 2)),
    ((23, 11), (12, 3)),
    ((24, 3), (12, 4)),
    ((24, 6), (12, 5)),
    ((24, 8), (12, 6)),
    ((25, 1), (12, 8)),
)
"""NVIDIA's own images, by year and month. Source: NVIDIA's Frameworks Support Matrix, and the release notes of 25.01,
the first for Blackwell."""


def built_with(builds: Builds, version: str | None) -> Version | None:
    """The CUDA of a stated version; None where the version is not stated or not known."""
    numbers = [small_number(piece) for piece in (version or "").split(".")[:2]]
    if len(numbers) < 2 or numbers[0] is None or numbers[1] is None:
        return None
    stated = (numbers[0], numbers[1])
    return next((cuda for since, cuda in reversed(builds) if since <= stated), None)


_AMD = re.compile(r"(?:^|[/:_.-])rocm")
_INTEL = re.compile(r"gaudi|habana|(?:^|[:_.-])(?:hpu|xpu)(?:$|[\d_.-])")
_NVIDIA = re.compile(r"(?:^|[/:_.-])(?:cuda|cu1\d)|^nvcr\.io/nvidia/|(?:^|/)vllm/vllm-openai(?:[:@]|$)"
                     r"|(?:^|/)lmsysorg/sglang(?:[:@]|$)")  # fmt: skip


def vendor_of(image: str) -> str:
    """Whose GPUs a container image is built for, as the catalog calls them, as far as its name and tag say; "" where
    they do not. vLLM and SGLang call those for AMD by names or tags of their own (their documentation, 2026)."""
    name = image.lower()
    if _AMD.search(name):
        return "" if "cuda" in name else "amd"
    if _INTEL.search(name):
        return "intel"
    return "nvidia" if _NVIDIA.search(name) else ""
