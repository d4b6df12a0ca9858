"""GS005 ambiguous-gpu."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from gpuspec.catalog import Gpu
from gpuspec.lint import Facts, Finding, Fix, Rule
from gpuspec.rules.options import amount
from gpuspec.sizing import Fit
from gpuspec.words import dollars, gib, span_of_gib


class AmbiguousGpu(Rule):
    """A name that several GPUs share, where it matters which of them is meant.

    ## What it does
    Reports names such as `A100` (40 or 80 GB), `V100` (16 or 32 GB) and `H100` (PCIe, SXM or NVL), and says which one
    gpuspec takes: the cheapest that is large enough. Silent where the job fits each of them, or none; where
    `min_vram` leaves only one; where the list names another of them as well; and where what is known of them differs
    too little: memory by less than a fifth, and prices by less than `prices`.

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

    options = (amount("prices", 1.25, "Times the price from which GPUs of one size differ.", least=1.0),)

    def check(self, facts: Facts) -> Iterator[Finding]:
        if facts.job.deployment is not None and not facts.case.document.can_say("clouds"):
            return  # names of a site's own: it has one kind of them
        for choice in facts.job.gpu_types:
            match = facts.catalog.resolve_gpu(choice.name)
            several = tuple(gpu for gpu in match.ambiguous if gpu.vram_gb >= (facts.job.min_vram or 0))
            taken = next((one for one in facts.choices if one.pointer == choice.pointer), None)
            if len(several) < 2 or taken is None or _another(facts, choice.pointer, several):
                continue
            number = taken.gpu_count
            sizes = {gpu.vram_gb for gpu in several}
            fits = [facts.market.fit_as_written(gpu, number) for gpu in several]
            large = max(sizes) >= 1.2 * min(sizes)
            if all(fits):
                differ = len({fit.verdict for fit in fits if fit}) > 1
            else:
                differ = large or self._priced_apart(facts, several, number)
            if not differ or (facts.job.deployment is not None and not all(fits)):
                continue
            called = taken.gpu.name
            yield self.finding(
                facts.name_pointer(choice),
                f"{choice.name!r} may be {_listed(facts, several, number)}; {_why(several, fits, called)}",
                # H100s differ in speed and price; A100s and V100s in whether the job crashes.
                severity="warning" if large else "info",
                suggestion=f"write {called}",
                fix=Fix(f"use {called}", (facts.rename_gpu(choice, called),), safe=False),
            )

    def _priced_apart(self, facts: Facts, several: tuple[Gpu, ...], number: int) -> bool:
        prices = [price.per_hour for gpu in several if (price := facts.market.cheapest(gpu.name, number))]
        return len(prices) > 1 and max(prices) >= facts.options["prices"] * min(prices)


def _another(facts: Facts, pointer: str, several: tuple[Gpu, ...]) -> bool:
    """Whether the list names one of them beside the name that they share: then each of them will do."""
    names = {name for gpu in several for name in (gpu.name, *gpu.variants)}
    others = (one.gpu.name for one in facts.choices if one.pointer != pointer)
    return not names.isdisjoint(others)


def _why(several: tuple[Gpu, ...], fits: Sequence[Fit | None], called: str) -> str:
    """Which of them is taken, and why; other launchers may take another."""
    small = [(gpu, fit) for gpu, fit in zip(several, fits, strict=True) if fit and fit.verdict != "fits"]
    if small and called not in (gpu.name for gpu, _ in small):
        gpu, fit = small[0]
        short = f"{gib(fit.need.low)} needed, {gib(fit.usable)} usable"
        if fit.verdict == "borderline":
            short = f"{span_of_gib(fit.need.low, fit.need.high)} needed, {gib(fit.usable)} usable"
        surely = "is" if fit.verdict == "does not fit" else "may be"
        return (
            f"gpuspec takes {called}, for {gpu.name} {surely} too small ({short}); other launchers do not ask"
        )
    return f"gpuspec takes the cheapest that it can have, {called} today; other launchers take what they find"


def _listed(facts: Facts, several: tuple[Gpu, ...], number: int) -> str:
    words = []
    for gpu in several:
        price = facts.market.cheapest(gpu.name, number)
        cost = f", from {dollars(price.per_hour)}/h" if price else ""
        words.append(f"{gpu.name} ({gpu.vram_gb:g} GB{cost})")
    return " or ".join(words)
