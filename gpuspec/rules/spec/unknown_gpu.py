"""GS004 unknown-gpu."""

from __future__ import annotations

from collections.abc import Iterator

from gpuspec.lint import Facts, Finding, Fix, Rule
from gpuspec.numerals import small_number

OTHER_ACCELERATORS = (
    "tpu",
    "inferentia",
    "trainium",
    "n150",
    "n300",
    "p100a",
    "p150",
)  # the last: Tenstorrent's
"""What launchers rent in the place of GPUs, under these names; gpuspec knows nothing of their memory."""


class UnknownGpu(Rule):
    """A GPU name that is not known.

    ## What it does
    Looks every GPU up under the names that RunPod, SkyPilot, dstack, Vast, Lambda, AWS, GCP, Azure and
    `nvidia-smi` give it, and suggests the nearest known one. Says of an instance type that has only a part of a
    GPU (`g6f.large`), or none, what it has, and of a name with a number ("A100:4") that the count beside it differs.

    ## Why is this bad
    The launcher finds no offer, or takes another GPU from the list, at another price.

    ## Example
    ```jsonc
    { "gpu_types": ["RTX 4900"], "keep_alive_minutes": 3, "run": "python process_batch.py" }
    ```

    ## Use instead
    ```jsonc
    { "gpu_types": ["RTX 4090"], "keep_alive_minutes": 3, "run": "python process_batch.py" }
    ```
    """

    code = "GS004"
    name = "unknown-gpu"
    severity = "error"
    fixable = "sometimes"

    def check(self, facts: Facts) -> Iterator[Finding]:
        for choice in facts.job.gpu_types:
            said, number = choice.gpu_count, small_number(choice.name.rpartition(":")[2])
            if said is not None and number is not None and said != number:
                message = f"{choice.name!r} says {number} GPUs, and the count beside it {said}"
                yield self.finding(facts.name_pointer(choice), message, suggestion="say it in one place")
            match = facts.catalog.resolve_gpu(choice.name)
            if match.gpu or match.ambiguous or choice.name.lower().startswith(OTHER_ACCELERATORS):
                continue
            at = facts.name_pointer(choice)
            similar = match.suggestions[:3]
            if match.note:
                message = f"{choice.name!r} is {match.note}"
                advice = "name a GPU, or a type that has whole ones: gpuspec sizes nothing less"
                yield self.finding(at, message, severity="warning", suggestion=advice)
            elif similar:
                message, advice = f"no GPU is called {choice.name!r}", f"did you mean {' or '.join(similar)}?"
                fix = Fix(f"use {similar[0]}", (facts.rename_gpu(choice, similar[0]),), safe=False)
                yield self.finding(at, message, suggestion=advice, fix=fix)
            else:  # it may be newer than the catalogue
                message = f"no GPU called {choice.name!r} is known"
                advice = "`gpuspec gpus` lists those known"
                yield self.finding(at, message, severity="warning", suggestion=advice)
