"""What `--on` means: so many of a GPU, `2x3090`, `A100-80GB:2`, `a100`, or any GPU with `24GB`."""

from __future__ import annotations

from collections.abc import Sequence

from gpuspec.catalog import Catalog, Gpu
from gpuspec.catalog.gpu_names import split_count
from gpuspec.cli.model_or_job import gpu_names
from gpuspec.errors import UserError
from gpuspec.numerals import is_digits, number_of
from gpuspec.planning.judged import Asked

MOST_GB = 2_048
"""GB of one GPU: what is more is a slip of the pen."""


def asked_of(written: Sequence[str], gpus: int | None, usual: int, catalog: Catalog) -> tuple[Asked, ...]:
    """The machines that `--on` names, in the order written; several for a name that GPUs share. `gpus` is `--gpus`,
    `usual` how many there are where neither says it. UserError where nothing is called so, where a number is no
    number of GPUs, and where `--gpus` says another."""
    found: dict[tuple[str, int], Asked] = {}
    for each in written:
        for one in _meant(each.strip(), usual, catalog):
            stated = _count(each.strip(), catalog)
            if gpus and stated and gpus != stated:
                wrong = f"--on {each} is {_gpus(stated)}, and --gpus says {gpus:,}"
                raise UserError("two-counts", wrong, "say the number in one of the two")
            found.setdefault((one.gpu.name, one.gpu_count), one)
    return tuple(found.values())


def _gpus(number: int) -> str:
    return f"{number:,} GPU{'s' * (number != 1)}"


def _count(written: str, catalog: Catalog) -> int | None:
    """The number of GPUs that stands in a name."""
    return catalog.resolve_gpu(written).gpu_count or split_count(written)[1]


def _meant(written: str, usual: int, catalog: Catalog) -> tuple[Asked, ...]:
    if 0 < (number_of(written.rpartition(":")[2]) or 0) < 1:
        raise UserError(
            "unknown-gpu", f"--on {written} is a part of a GPU", "`gpuspec gpus` lists whole GPUs"
        )
    count = _count(written, catalog) or usual
    match = catalog.resolve_gpu(written)
    if match.gpu is None and not match.ambiguous:
        size = _gigabytes(split_count(written)[0])
        if size is not None:
            return (Asked(written, _any_with(size, catalog), count, by_memory=True),)
        _refuse_numbers(written)
    return tuple(Asked(written, catalog.gpus_by_name[name], count) for name in gpu_names(written, catalog))


def _gigabytes(written: str) -> float | None:
    """24 of `24GB`, `24 gb` and `24GiB`."""
    low = written.lower().replace(" ", "")
    for unit in ("gib", "gb", "g"):
        if low.endswith(unit):
            size = number_of(low.removesuffix(unit))
            return size if size is not None and 0 < size <= MOST_GB else None
    return None


def _any_with(size: float, catalog: Catalog) -> Gpu:
    """A GPU of which only the memory is known: as programs see it, the least of those that are sold with as much
    (error correction takes up to an eighth of what is sold); where none is, all that is sold."""
    same = [gpu for gpu in catalog.gpus_by_name.values() if gpu.vram_gb == size and gpu.vendor == "nvidia"]
    least = min((gpu.vram_gib for gpu in same), default=size)
    return Gpu(f"any GPU with {size:g} GB", "", "", size, visible_gib=least)


def _refuse_numbers(written: str) -> None:
    """UserError for what has the form of a number of GPUs, and is none."""
    head, cross, rest = written.lower().partition("x")
    hint = "2x3090, H100:8 and 24GB are understood; `gpuspec gpus` lists the names"
    if is_digits(written):
        wrong = f"--on {written} does not say of what: {written}GB is any GPU with that much memory"
        raise UserError("unknown-gpu", wrong, hint)
    if cross and is_digits(head.strip()) and not rest.strip():
        raise UserError("unknown-gpu", f"--on {written} says how many, and not of which GPU", hint)
    if cross and is_digits(head.strip()) and int(head) == 0:
        raise UserError("unknown-gpu", f"--on {written}: a machine has at least one GPU", hint)
