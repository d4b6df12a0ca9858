"""What of a job is built for some GPUs alone: its image, the PyTorch and the engine that its commands install."""

import itertools
import re
from collections.abc import Iterator, Sequence

from gpuspec.commands.steps import Step
from gpuspec.engines import engine_of
from gpuspec.engines.barrier import TagGpus
from gpuspec.engines.cuda import LAST_PYTORCH, NGC, PYTORCH, built_with, vendor_of
from gpuspec.engines.engine import Version, before
from gpuspec.job.job import Job
from gpuspec.named_tuple import NamedTuple
from gpuspec.workload.fetched import installs
from gpuspec.workload.values import version
from gpuspec.workload.workload import Workload

_STATED = re.compile(r"(?:cuda|cu)[-_:]?(\d{2})[._-]?(\d)", re.IGNORECASE)
_WHEELS = re.compile(r"pytorch\.org/whl/(?:nightly/|test/)?(cu\d{3}|rocm[\d.]+)")
_BACKEND = re.compile(r"--torch-backend[= ](cu\d{3}|rocm[\d.]+)")
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
ATTENTION = {"2": (8.0, 999.0, 'use "sdpa"'), "3": (9.0, 9.0, 'use "flash_attention_2" or "sdpa"')}
"""Version of FlashAttention → the compute capabilities from and to which it has kernels (999: all newer ones), and
what to do without. Sources: README of Dao-AILab/flash-attention: 2 for Ampere and later, 3 (beta) for H100 and H800;
huggingface/kernels-community#313 for vllm-flash-attn3. November 2026."""
_ATTENTION = re.compile(r"flash_attention_([23])|vllm-flash-attn(3)")
MOST_LINES = 1_000
"""Of a file of requirements that are read."""


class GpuBuild(NamedTuple):
    """One thing that is built for some GPUs alone, in words, and where it stands: by the CUDA that it brings along,
    by compute capabilities from one to another, or by the vendor. `instead`: what to do on others."""

    what: str
    pointer: str
    cuda: Version | None = None
    capabilities: tuple[float, float] | None = None
    vendor: str = ""
    instead: str = ""


def gpu_builds(job: Job, steps: Sequence[Step], workload: Workload) -> Iterator[GpuBuild]:
    """What is built for some GPUs alone, as far as its version is known: not the CUDA of a package which is installed
    from elsewhere than PyPI, or once more without a version."""
    yield from _of_image(job, steps)
    yield from _tagged(job, workload)
    yield from _attention(steps)
    pytorch = None
    for step in steps:
        words = _asked(step)
        if words and (found := _of_step(job, step, words)):
            pytorch = found[0]
    if pytorch:
        yield pytorch
        return
    yield from _of_engine(job, steps, workload)


def _of_image(job: Job, steps: Sequence[Step]) -> Iterator[GpuBuild]:
    image = job.image or ""
    if not image:
        return
    cuda = _stated(image) or _of_ngc(image)
    bare = "nvidia/cuda" in image and any(installs(step) for step in steps)
    if cuda and not bare:  # wheels bring a CUDA of their own, whatever toolkit lies beside them
        yield GpuBuild("the image", job.pointer("image"), cuda)
    if vendor := vendor_of(image):
        yield GpuBuild("the image", job.pointer("image"), vendor=vendor)


def _tagged(job: Job, workload: Workload) -> Iterator[GpuBuild]:
    """What the tag of an engine's image, or the local part of its wheel's version, says of the GPUs it is for."""
    if job.image:
        from gpuspec.engines.images import engine_in, taken_apart

        image = engine_in(job.image)
        row = image and _for(image.tag_gpus, taken_apart(job.image).tag)
        if row:
            yield GpuBuild("the image", job.pointer("image"), capabilities=(row.least, row.most))
    origin = workload.origin("engine_version")
    row = _for(engine_of(workload.engine).tag_gpus, origin.text.partition("+")[2])
    if row:
        yield GpuBuild(origin.text, origin.pointer, capabilities=(row.least, row.most))


def _for(rows: Sequence[TagGpus], tag: str) -> TagGpus | None:
    return next((row for row in rows if tag and re.search(row.tag, tag)), None)


def _attention(steps: Sequence[Step]) -> Iterator[GpuBuild]:
    """The versions of FlashAttention that commands ask for by name."""
    seen: set[str] = set()
    for step in steps:
        for match in (
            _ATTENTION.finditer(step.text) if "attn" in step.text or "attention" in step.text else ()
        ):
            which = match[1] or match[2]
            if which not in seen:
                seen.add(which)
                least, most, instead = ATTENTION[which]
                what = f"FlashAttention {which}"
                yield GpuBuild(what, step.pointer, capabilities=(least, most), instead=instead)


def _of_step(job: Job, step: Step, words: Sequence[str]) -> tuple[GpuBuild | None] | None:
    """The PyTorch that a command of pip installs, in a tuple: (None,) where it is not known which; else None."""
    text, torch = " ".join(words), _requirement(words)
    wheels = _WHEELS.search(text) or _BACKEND.search(text)
    named = wheels[1] if wheels else step.command.environment.get("UV_TORCH_BACKEND") or ""
    if named.startswith("rocm"):
        return (GpuBuild("the PyTorch wheel", step.pointer, vendor="amd"),)
    cuda = _stated(named)
    if cuda and not (wheels and _passed_over(text, wheels.start(), cuda, torch)):
        return (GpuBuild("the PyTorch wheel", step.pointer, cuda),)
    if cuda:
        return (_of_pypi(job, step, torch, []) if torch else None,)
    return (_of_pypi(job, step, torch, words),) if torch else None


def _passed_over(text: str, at: int, cuda: Version, torch: str | None) -> bool:
    """Whether an extra index has no wheel as new as PyPI's: pip takes the newest of all."""
    last = LAST_PYTORCH.get((cuda[0], cuda[1]))
    if last is None or not re.search(r"--extra-index-url[= ]\S*$", text[:at]):
        return False
    pinned = version(torch.partition("==")[2]) if torch else None
    return pinned is None or not before(pinned, (last[0], last[1] + 1))


def _asked(step: Step) -> list[str]:
    """The words of a command of pip, and those of the files of requirements that it names."""
    words = installs(step)
    files = [word for before, word in itertools.pairwise(words) if before in ("-r", "--requirement")]
    for name in files[:4]:
        for line in (step.read(name) or "").splitlines()[:MOST_LINES]:
            words = [*words, *line.partition(" #")[0].split()] if not line.startswith("#") else words
    return words


def _of_engine(job: Job, steps: Sequence[Step], workload: Workload) -> Iterator[GpuBuild]:
    """The engine's own wheel or image, where its version is pinned and no PyTorch is."""
    engine, origin = engine_of(workload.engine), workload.origin("engine_version")
    cuda = built_with(engine.cuda, workload.engine_version)
    if cuda is None:
        return
    elsewhere = any(_from_elsewhere(job, step, words) for step in steps if (words := installs(step)))
    if _stated(origin.text):  # an image that says it itself
        cuda, elsewhere = _stated(origin.text), False
    if cuda and not elsewhere:
        yield GpuBuild(f"{engine.called} {workload.engine_version}", origin.pointer, cuda)


def _of_pypi(job: Job, step: Step, requirement: str, words: Sequence[str]) -> GpuBuild | None:
    """PyTorch as PyPI has it, where `words` do not say that it is from elsewhere."""
    number = requirement.partition("==")[2]
    cuda = _stated(number.partition("+")[2]) if "+" in number else built_with(PYTORCH, version(number))
    if cuda is None or ("+" not in number and words and _from_elsewhere(job, step, words)):
        return None
    return GpuBuild(f"PyTorch {number}", step.pointer, cuda)


def _requirement(words: Sequence[str]) -> str | None:
    """What a command of pip asks of PyTorch: "torch==2.5.1", or "torch" alone."""
    return next((text for text in words if re.match(r"torch(?:$|[\[=<>~!@ ])", text)), None)


def _from_elsewhere(job: Job, step: Step, words: Sequence[str]) -> bool:
    environment = step.command.environment
    if any(name in environment or name in job.env for name in _INDEXES):
        return True
    text = " ".join(words)
    return any(word in text for word in _FROM_ELSEWHERE) or " -f " in text


def _stated(text: str) -> Version | None:
    match = _STATED.search(text)
    return (int(match[1]), int(match[2])) if match else None


def _of_ngc(image: str) -> Version | None:
    """NVIDIA's images say year and month: nvcr.io/nvidia/pytorch:24.10-py3."""
    name, _, tag = image.rpartition(":")
    return built_with(NGC, version(tag)) if name.startswith("nvcr.io/nvidia/") else None
