"""dstack's `resources`: GPUs in every shape of its parser, memory, counts, disk.

The shapes are those of dstack 0.22.5, dstack/_internal/core/models/resources.py, read 2026-11-30."""

import re
from typing import Any

from gpuspec.formats.gathered import Gathered
from gpuspec.named_tuple import NamedTuple
from gpuspec.numerals import GB

VENDORS = frozenset({"nvidia", "amd", "google", "tpu", "intel", "tenstorrent", "tt"})
_SIZE = re.compile(r"(\d{1,9}(?:\.\d{1,6})?|\.\d{1,6})(?:([mgt])b)?")
_TPU = re.compile(r"v\d(?:p|e|litepod)?-\d+")
_WHOLE = re.compile(r"\d{1,6}")
_EXACT_SIZES = {
    "a100": {40.0: "A100-40GB", 80.0: "A100-80GB"},
    "v100": {16.0: "V100-16GB", 32.0: "V100-32GB"},
    "h100": {80.0: "H100-80GB", 94.0: "H100-NVL"},
}
"""Names of dstack's that come in several sizes: lower case → GB → the name of that size."""


class FromTo(NamedTuple):
    """At least and at most; None where an end is open."""

    least: float | None
    most: float | None


class AskedGpu(NamedTuple):
    """What `gpu` says. Memory is GB of each GPU, `total` of all together; `at` has the place of each part."""

    names: tuple[tuple[str, str], ...] = ()
    """Name, and where it stands."""
    number: FromTo = FromTo(1.0, None)
    memory: FromTo | None = None
    total: FromTo | None = None


def put_resources(
    job: Gathered, value: Any, at: str, instance_types: tuple[tuple[str, str], ...] = ()
) -> bool:
    """GPUs, memory and disk; False where no GPU is asked for."""
    said = value if isinstance(value, dict) else {}
    gpu = gpu_of(said.get("gpu"), f"{at}/gpu")
    least = 0 if gpu is None else gpu.number.least or 0
    if gpu is None or least < 1:
        return False
    _put_gpu(job, gpu, int(least), f"{at}/gpu", instance_types)
    disk = said.get("disk")
    within = isinstance(disk, dict)
    size = range_of(disk.get("size") if isinstance(disk, dict) else disk, gigabytes)
    job.put("disk_gb", size.least if size else None, f"{at}/disk/size" if within else f"{at}/disk")
    job.put_part("deployment", "shm_gb", gigabytes(said.get("shm_size")), f"{at}/shm_size")
    return True


def _put_gpu(
    job: Gathered, gpu: AskedGpu, count: int, at: str, instance_types: tuple[tuple[str, str], ...]
) -> None:
    """A range of counts starts at what dstack takes where nothing else is cheaper."""
    exact = gpu.memory.least if gpu.memory and gpu.memory.least == gpu.memory.most else None
    where = f"{at}/count" if f"{at}/count" in job.tree.values else at
    for name, place in gpu.names:
        sized = _EXACT_SIZES.get(name.lower(), {}).get(exact or 0.0, name)
        if _TPU.fullmatch(name):
            sized = f"tpu-{name}"  # as everybody else calls them
        job.append("gpu_types", {"type": sized, "count": count}, place)
    if not gpu.names:
        for name, place in _with_gpus(instance_types):
            job.append("gpu_types", {"type": name}, place)
        if "gpu_types" not in job.value:
            job.put("gpu_count", count, where)
    least = gpu.memory.least if gpu.memory else None
    of = "memory"
    if least is None and gpu.total and gpu.total.least is not None and gpu.number.most == count:
        least, of = gpu.total.least / count, "total_memory"
    job.put("min_vram", least, f"{at}/{of}" if f"{at}/{of}" in job.tree.values else at)


def _with_gpus(instance_types: tuple[tuple[str, str], ...]) -> list[tuple[str, str]]:
    """Those of the instance types that are known to have whole GPUs."""
    if not instance_types:
        return []
    from gpuspec.catalog.shipped import read_instances

    found = ((read_instances().called(name), name, at) for name, at in instance_types)
    return [(name, at) for one, name, at in found if one is not None and one.whole]


def gpu_of(value: Any, at: str) -> AskedGpu | None:
    """`gpu` as text ("nvidia:A100,H100:80GB:2", in any order), as a number, or as a map; None where nothing of it can
    be read."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int | str):
        return _of_text(str(value), at)
    if not isinstance(value, dict):
        return None
    names = value.get("name")
    listed = names if isinstance(names, list) else [names]
    places = (
        f"{at}/name/{number}" if isinstance(names, list) else f"{at}/name" for number in range(len(listed))
    )
    count = range_of(value.get("count", "1.."), whole)
    if count is None:
        return None
    return AskedGpu(
        tuple(
            (one.removeprefix("tpu-"), place)
            for one, place in zip(listed, places, strict=True)
            if isinstance(one, str) and one
        ),
        count,
        range_of(value.get("memory"), gigabytes),
        range_of(value.get("total_memory"), gigabytes),
    )


def _of_text(text: str, at: str) -> AskedGpu | None:
    found, names = AskedGpu(), list[tuple[str, str]]()
    for token in text.replace(" ", "").split(":"):
        if not token:
            return None
        if token.lower() in VENDORS:
            continue
        if token[0].isalpha():
            names += [
                (name.removeprefix("tpu-"), at) for name in token.split(",") if name and "$" not in name
            ]
        elif any(letter.isalpha() for letter in token):
            found = found._replace(memory=range_of(token, gigabytes))
        else:
            count = range_of(token, whole)
            if count is None:
                return None
            found = found._replace(number=count)
    return found._replace(names=tuple(names))


def range_of(value: Any, number: Any) -> FromTo | None:
    """`8`, "2..8", "16GB..", {min, max}; None where it is none of these."""
    if isinstance(value, dict):
        least, most = number(value.get("min")), number(value.get("max"))
    elif isinstance(value, str) and ".." in value:
        first, _, last = value.replace(" ", "").partition("..")
        least, most = number(first), number(last)
    else:
        least = most = number(value)
    return None if least is None and most is None else FromTo(least, most)


def gigabytes(value: Any) -> float | None:
    """`24`, "24GB", "512 MB", "1TB" in GB."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    found = _SIZE.fullmatch(str(value).replace(" ", "").lower())
    return float(found[1]) * GB[found[2] or "g"] if found else None


def whole(value: Any) -> float | None:
    """A count."""
    if isinstance(value, bool) or not isinstance(value, int | str):
        return None
    return float(value) if _WHOLE.fullmatch(str(value).strip()) else None
