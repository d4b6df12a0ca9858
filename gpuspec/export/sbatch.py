"""A job as a batch script of Slurm."""

from __future__ import annotations

import math
import re
import shlex
from collections.abc import Iterator

from gpuspec.catalog import Gpu
from gpuspec.export.outgoing import CACHE, Outgoing, nothing_looks
from gpuspec.export.script import preparations, run_command

_PLAIN = re.compile(r"[A-Za-z0-9._:/@+-]+")


def render(out: Outgoing) -> tuple[str, list[str]]:
    """(the script without its first line, what is not in it)."""
    return "\n".join([*_directives(out), "", *_body(out)]) + "\n", list(_notes(out))


def _directives(out: Outgoing) -> Iterator[str]:
    yield f"#SBATCH --job-name={out.name}"
    yield f"#SBATCH --nodes={out.nodes}"
    yield "#SBATCH --ntasks-per-node=1"
    kind = f"{_site_name(out.gpu)}:" if out.gpu else ""
    yield f"#SBATCH --gres=gpu:{kind}{out.gpu_count}"
    if out.hours is not None:
        yield f"#SBATCH --time={_time(out.hours)}"
    yield "#SBATCH --output=%x-%j.log"
    image = out.job.image
    if image and _PLAIN.fullmatch(image):
        # Slurm takes the rest of a directive for a comment, from a # on that no backslash stands before.
        yield "#SBATCH --container-image=" + _enroot(image).replace("#", r"\#")


def _body(out: Outgoing) -> Iterator[str]:
    job = out.job
    yield "set -eo pipefail"
    yield from (f': "${{{name}:?export it before sbatch}}"' for name in job.secrets)
    yield from (f"export {name}={shlex.quote(value)}" for name, value in job.env.items())
    if job.workdir not in (None, "", ".", "./"):
        yield f"cd {shlex.quote(job.workdir or '.')}"
    yield from preparations(job)
    command = run_command(job)
    yield f"srun bash -c {shlex.quote(command)}" if out.nodes > 1 and command else command


def _site_name(gpu: Gpu) -> str:
    """What sites usually call it: the chip, in small letters ("a100", "rtx4090")."""
    words = re.sub(r"\b(NVIDIA|Quadro|GeForce|SXM\d?|PCIe|NVL|Server|Workstation|\d+GB)\b", "", gpu.name)
    return re.sub(r"[^a-z0-9]+", "", words.lower()) or "gpu"


def _time(hours: float) -> str:
    """`8:30:00`, `2-00:00:00`."""
    minutes = max(1, math.ceil(hours * 60 - 1e-9))
    days, minutes = divmod(minutes, 24 * 60)
    return (f"{days}-" if days else "") + f"{minutes // 60:02}:{minutes % 60:02}:00"


def _enroot(image: str) -> str:
    """An image as Pyxis takes it: the registry, where it is not Docker Hub, stands before a `#`."""
    first, slash, rest = image.partition("/")
    return f"{first}#{rest}" if slash and ("." in first or ":" in first) else image


def _notes(out: Outgoing) -> Iterator[str]:
    job = out.job
    if out.gpu:
        name = _site_name(out.gpu)
        yield f"gpu_types: {out.gpu.name}; is it {name} at your site? `sinfo -o %G` lists its names"
    if job.image:
        yield "image: --container-image takes Pyxis; without it, load what the commands need"
    if out.hours is None:
        yield "no time limit is given: the partition's holds (--time)"
    if out.serves:
        yield "it serves: its ports are those of the node (squeue -o %N), until its time is over"
    if job.scaling:
        yield "scaling: one sbatch for each replica"
    for volume in out.volumes:
        if volume.path != CACHE and volume.lasts:
            yield f"{volume.path}: storage that lasts must be mounted there"
    if job.cache:
        yield f"cache {job.cache}: set HF_HOME to a folder that all nodes see"
    yield from nothing_looks(job)
    for field, value in (("spot", job.spot), ("max_price", job.max_price), ("clouds", ", ".join(job.clouds))):
        if value and value != "never":
            yield f"{field}: {value}"
