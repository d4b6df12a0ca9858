"""The machine that a job is taken to run on where its file names none: `--assume-gpu`, `per-file-assume-gpu`."""

from gpuspec.catalog import Catalog
from gpuspec.catalog.gpu_names import split_count
from gpuspec.errors import UserError
from gpuspec.job.job import GpuChoice, Job

EXAMPLE = "L4, RTX 4090:2 and A100-80GB:8 are understood; `gpuspec gpus` lists the names"


def with_assumed_gpu(job: Job, written: str, catalog: Catalog) -> Job:
    """The job on this GPU where it names none. A number in its file goes before the one that is assumed."""
    if job.gpu_types:
        return job
    name, gpu_count = split_count(written.strip())[0], catalog.resolve_gpu(written.strip()).gpu_count
    return job._replace(gpu_types=(GpuChoice(name, job.gpu_count or gpu_count, ""),))


def check_assumed_gpu(written: str, catalog: Catalog, *, said_by: str) -> None:
    """UserError for what is no GPU, or a part of one. `said_by` is the option or the setting."""
    match = catalog.resolve_gpu(written.strip())
    if match.note:
        raise UserError("unknown-gpu", f"{said_by}: {written[:80]!r} is {match.note}", EXAMPLE)
    if not match.accepts:
        near = f"did you mean {match.suggestions[0]!r}? " if match.suggestions else ""
        raise UserError("unknown-gpu", f"{said_by}: no GPU is called {written[:80]!r}", near + EXAMPLE)
