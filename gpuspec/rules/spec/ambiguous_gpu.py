"""GS005 ambiguous-gpu."""

from __future__ import annotations

from collections.abc import Iterator

from gpuspec.catalog import Gpu
from gpuspec.lint import Facts, Finding, Fix, Rule
from gpuspec.words import dollars, gib


class AmbiguousGpu(Rule):
    """A name that several GPUs share.

    ## What it does
    Reports names such as `A100` (40 or 80 GB), `H100` (PCIe, SXM or NVL) and `V100` (16 or 32 GB), and says
    which one a launcher would take. Silent where `min_vram` leaves only one of them.

    ## Why is this bad
    Half the memory you counted on, or twice the price you expected.

    ## Example
    ```jsonc
    { "gpu_types": ["A100"], "keep_alive_minutes": 3, "run": "python process_batch.py" }
    ```

    ## Use instead
    ```jsonc
    { "gpu_types": ["A100 PCIe 80GB"], "keep_alive_minutes": 3, "run": "python process_batch.py" }
    ```

    ## When to ignore
    When any of them will do: then name them all.
    """

    code = "GS005"
    name = "ambiguous-gpu"
    severity = "warning"
    fixable = "always"
    asks_for = (
        "gpu_types.form",
    )  # launchers whose names of GPUs leave the form open have no other name to write

    def check(self, facts: Facts) -> Iterator[Finding]:
        if facts.job.deployment is not None and not facts.case.document.can_say("clouds"):
            return  # names of a site's own: it has one kind of them
        for choice in facts.job.gpu_types:
            match = facts.catalog.resolve_gpu(choice.name)
            shared = match.ambiguous
            several = tuple(gpu for gpu in shared if gpu.vram_gb >= (facts.job.min_vram or 0))
            if not shared or len(several) == 1:
                continue  # `min_vram` says which one is meant
            several = several or shared
            number = choice.gpu_count or match.gpu_count or facts.job.gpu_count or 1
            better, why = _enough(facts, several, number)
            largest, least = max(gpu.vram_gb for gpu in several), min(gpu.vram_gb for gpu in several)
            yield self.finding(
                facts.name_pointer(choice),
                f"{choice.name!r} may be {_listed(facts, several, number)}; "
                f"launchers take {several[0].name} for it{why}",
                # H100s differ in speed and price; A100s and V100s in whether the job crashes.
                severity="warning" if largest >= 1.5 * least else "info",
                suggestion=f"write {better.name}",
                fix=Fix(f"use {better.name}", (facts.rename_gpu(choice, better.name),), safe=False),
            )


def _enough(facts: Facts, several: tuple[Gpu, ...], number: int) -> tuple[Gpu, str]:
    """The one to write: what launchers take, unless that is too small and another is not; and then why."""
    fits = [facts.market.fit_of_job(gpu, number) for gpu in several]
    default = fits[0]
    if default is None or default.verdict != "does not fit":
        return several[0], ""
    for gpu, fit in zip(several, fits, strict=True):
        if fit and fit.verdict == "fits":
            return gpu, f", which is too small: {gib(default.need.low)} needed, {gib(default.usable)} usable"
    return several[0], ""


def _listed(facts: Facts, several: tuple[Gpu, ...], number: int) -> str:
    words = []
    for gpu in several:
        price = facts.market.cheapest(gpu.name, number)
        cost = f", from {dollars(price.per_hour)}/h" if price else ""
        words.append(f"{gpu.name} ({gpu.vram_gb:g} GB{cost})")
    return " or ".join(words)
