"""GS109 disk-small."""

from __future__ import annotations

from collections.abc import Iterator

from gpuspec.job.job import Download
from gpuspec.lint import Edit, Facts, Finding, Fix, Rule
from gpuspec.planning.cost import DISK_USUAL
from gpuspec.rules.hub_repositories import CACHE_VARIABLES, loaded, same_repository, whole_repository
from gpuspec.rules.options import amount
from gpuspec.sizing.files import bytes_on_disk
from gpuspec.words import dollars

TORCH_GB = 15
"""Image and Python packages of a CUDA job. Source: docker images pytorch/pytorch 2.x runtime 7–8 GB and vllm-openai
17–20 GB unpacked; torch with its CUDA wheels alone 5–6 GB (sizes shown on Docker Hub and PyPI, 2025)."""


class DiskSmall(Rule):
    """The disk is smaller than what is put on it.

    ## What it does
    Adds up the models that `downloads` and the command fetch, the model that full training writes, and 15 GB of
    image and packages, and compares the sum with `disk_gb`. An error where the models alone do not fit.

    ## Why is this bad
    "No space left on device", minutes into a download that is paid for; or at the end, when the result is written.

    ## Example
    ```jsonc
    {
      "disk_gb": 100,
      "gpu_types": ["A100 PCIe 80GB"],
      "gpu_count": 2,
      "downloads": [{ "strategy": "hf", "source": "Qwen/Qwen2.5-72B-Instruct" }],
      "keep_alive_minutes": 3,
      "run": "python batch.py"
    }
    ```

    ## Use instead
    ```jsonc
    {
      "disk_gb": 200,
      "gpu_types": ["A100 PCIe 80GB"],
      "gpu_count": 2,
      "downloads": [{ "strategy": "hf", "source": "Qwen/Qwen2.5-72B-Instruct" }],
      "keep_alive_minutes": 3,
      "run": "python batch.py"
    }
    ```

    ## When to ignore
    When models lie on another volume.
    """

    code = "GS109"
    name = "disk-small"
    severity = "error"
    fixable = "always"
    options = (amount("software_gb", TORCH_GB, "GB of image and packages."),)

    def check(self, facts: Facts) -> Iterator[Finding]:
        job = facts.job
        disk = job.disk_gb
        models = _models(facts)
        if disk is None or not models or job.cache or job.volume_mode or _elsewhere(facts):
            return
        fetched = sum(models.values())
        written = _written(facts, models)
        software = facts.options["software_gb"] if facts.format.disk_holds_image else 0.0
        total = fetched + written + software
        if disk >= total:
            return
        lines = [*((name, f"{size:.1f} GB") for name, size in models.items())]
        lines += [("trained model", f"{written:.1f} GB")] * bool(written)
        lines += [("image and packages", f"{software:g} GB")] * bool(software)
        sure = disk < fetched
        enough = int(-(-total * 1.2 // 10) * 10)
        at = job.pointer("disk_gb")
        yield self.finding(
            at,
            f"{disk:g} GB of disk for {' + '.join(f'{value} ({what})' for what, value in lines)} = {total:.0f} GB",
            severity="error" if sure else "warning",
            confidence="high" if sure else "medium",
            suggestion=f"{enough} GB; disk costs about {dollars(DISK_USUAL)} per GB and month",
            fix=Fix(f"set to {enough}", (Edit("set", at, enough),), safe=False),
            numbers=[*lines, ("together", f"{total:.1f} GB")],
        )


def _models(facts: Facts) -> dict[str, float]:
    """GB of every model that is fetched, each once."""
    downloads, found = facts.job.downloads, loaded(facts)
    names = [_branch(one) for one in downloads if one.strategy == "hf" and whole_repository(one)]
    if found and not any(same_repository(download.source, found.name) for download in downloads):
        names.append(found.name)
    sizes = {name: bytes_on_disk(name, facts.catalog) for name in names}
    return {name: size / 1e9 for name, size in sizes.items() if size}


def _branch(download: Download) -> str:
    """A repository by its name; one whose branches are the same model in other sizes, with the branch: EXL2's
    "4.5bpw"."""
    revision = download.revision or ""
    sized = "bpw" in revision.lower() and "bpw" not in download.source.lower()
    return f"{download.source}-{revision}" if sized else download.source


def _written(facts: Facts, models: dict[str, float]) -> float:
    """GB of the model that full training saves at its end: as much as it read."""
    workload = facts.workload
    own = workload.task == "train" and workload.method == "full" and workload.modality == "text"
    return models.get(workload.model_name or "", 0.0) if own else 0.0


def _elsewhere(facts: Facts) -> bool:
    """Whether the hub's cache is put somewhere else."""
    return any(name in facts.job.env for name in CACHE_VARIABLES) or any(
        (download.target or "").startswith("/") for download in facts.job.downloads
    )
