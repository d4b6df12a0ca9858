"""What brings CUDA along in a job: its image, the PyTorch and the engine that its commands install."""

import re
from collections.abc import Iterator, Sequence

from gpuspec.commands.steps import Step
from gpuspec.engines import engine_of
from gpuspec.engines.cuda import NGC, PYTORCH, built_with
from gpuspec.engines.engine import Version
from gpuspec.job.job import Job
from gpuspec.named_tuple import NamedTuple
from gpuspec.workload.fetched import installs
from gpuspec.workload.values import version
from gpuspec.workload.workload import Workload

_STATED = re.compile(r"(?:cuda|cu)[-_:]?(\d{2})[._-]?(\d)", re.IGNORECASE)
_FROM_ELSEWHERE = ("index", "find-links", "torch-backend", "whl", "--pre", "blackwell", "git+", "http")
"""What in an installation says that its wheels are not those that PyPI has, or for other GPUs."""
_INDEXES = (
    "PIP_INDEX_URL",
    "PIP_EXTRA_INDEX_URL",
    "PIP_FIND_LINKS",
    "UV_TORCH_BACKEND",
    "UV_INDEX_URL",
    "UV_INDEX",
)


class CudaBuild(NamedTuple):
    """One thing that brings CUDA along, in words, where it stands, and the CUDA it is built with."""

    what: str
    pointer: str
    cuda: Version


def cuda_builds(job: Job, steps: Sequence[Step], workload: Workload) -> Iterator[CudaBuild]:
    """What brings CUDA along, as far as its version is known: not that of a package which is installed from elsewhere
    than PyPI, or once more without a version."""
    image = job.image or ""
    if image:
        cuda = _stated(image) or _of_ngc(image)
        bare = "nvidia/cuda" in image and any(installs(step) for step in steps)
        if cuda and not bare:  # wheels bring a CUDA of their own, whatever toolkit lies beside them
            yield CudaBuild("the image", job.pointer("image"), cuda)
    pytorch = None
    for step in steps:
        wheels = next((word.text for word in step.command.words if "pytorch.org/whl/cu" in word.text), None)
        if wheels:
            cuda = _stated(wheels.rpartition("/")[2])
            pytorch = CudaBuild("the PyTorch wheel", step.pointer, cuda) if cuda else None
        elif torch := _requirement(step):
            pytorch = _of_pypi(job, step, torch)
    if pytorch:
        yield pytorch
        return
    yield from _of_engine(job, steps, workload)


def _of_engine(job: Job, steps: Sequence[Step], workload: Workload) -> Iterator[CudaBuild]:
    """The engine's own wheel or image, where its version is pinned and no PyTorch is."""
    engine, origin = engine_of(workload.engine), workload.origin("engine_version")
    cuda = built_with(engine.cuda, workload.engine_version)
    if cuda is None:
        return
    elsewhere = any(_from_elsewhere(job, step) for step in steps if installs(step))
    if _stated(origin.text):  # an image that says it itself
        cuda, elsewhere = _stated(origin.text), False
    if cuda and not elsewhere:
        yield CudaBuild(f"{engine.called} {workload.engine_version}", origin.pointer, cuda)


def _of_pypi(job: Job, step: Step, requirement: str) -> CudaBuild | None:
    number = requirement.partition("==")[2]
    cuda = _stated(number.partition("+")[2]) if "+" in number else built_with(PYTORCH, version(number))
    if cuda is None or ("+" not in number and _from_elsewhere(job, step)):
        return None
    return CudaBuild(f"PyTorch {number}", step.pointer, cuda)


def _requirement(step: Step) -> str | None:
    """What a command of pip asks of PyTorch: "torch==2.5.1", or "torch" alone."""
    return next((text for text in installs(step) if re.match(r"torch(?:$|[\[=<>~!@ ])", text)), None)


def _from_elsewhere(job: Job, step: Step) -> bool:
    environment = step.command.environment
    if any(name in environment or name in job.env for name in _INDEXES):
        return True
    text = " ".join(installs(step))
    return any(word in text for word in _FROM_ELSEWHERE) or " -f " in text


def _stated(text: str) -> Version | None:
    match = _STATED.search(text)
    return (int(match[1]), int(match[2])) if match else None


def _of_ngc(image: str) -> Version | None:
    """NVIDIA's images say year and month: nvcr.io/nvidia/pytorch:24.10-py3."""
    name, _, tag = image.rpartition(":")
    return built_with(NGC, version(tag)) if name.startswith("nvcr.io/nvidia/") else None
