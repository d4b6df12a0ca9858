"""GS810 no-such-offer."""

from __future__ import annotations

from collections.abc import Iterator

from gpuspec.catalog.rented_gpus import PLACED_GPUS, RENTED_GPUS, family
from gpuspec.catalog.shipped import read_instances
from gpuspec.lint import Facts, Finding, Rule
from gpuspec.words import listed

_SOLD = {
    "aws": "take one that is sold: g6.xlarge, or g5.xlarge",
    "azure": "take one that is sold: Standard_NC24ads_A100_v4, or Standard_NV36ads_A10_v5",
}
"""Cloud → what to take in the place of a machine that is gone."""


class NoSuchOffer(Rule):
    """The cloud that is named rents no such machine.

    ## What it does
    Reports a GPU that none of the clouds that the job names rents (AWS, GCP and Azure are known, and GPUs that came
    out up to 2024), and instance types that their cloud has retired.

    ## Why is this bad
    Nothing starts: the launcher says that no resources satisfy the request, or waits for a machine that cannot come.

    ## Example
    ```jsonc
    { "gpu_types": ["A10G"], "clouds": ["gcp"], "keep_alive_minutes": 5, "run": "python batch.py" }
    ```

    ## Use instead
    ```jsonc
    { "gpu_types": ["L4"], "clouds": ["gcp"], "keep_alive_minutes": 5, "run": "python batch.py" }
    ```

    ## When to ignore
    When your account has machines that are not sold to others.
    """

    code = "GS810"
    name = "no-such-offer"
    severity = "error"
    confidence = "medium"

    def check(self, facts: Facts) -> Iterator[Finding]:
        job = facts.job
        kind = job.deployment.instance_type if job.deployment else None
        instance = read_instances().called(kind) if kind else None
        if instance and instance.status.startswith("retired"):
            yield self.finding(
                job.pointer("deployment.instance_type"),
                f"{kind} was {instance.refusal()}: no machine of it starts any more",
                confidence="high",
                suggestion=_SOLD.get(instance.cloud, "take one that is sold"),
            )
            return
        clouds = {name.strip().lower() for name in job.clouds}
        if not clouds or not clouds <= RENTED_GPUS.keys() or kind:
            return
        rented = set().union(*(RENTED_GPUS[cloud] for cloud in clouds))
        asked = [facts.catalog.resolve_gpu(choice.name) for choice in job.gpu_types]
        families = [{family(name) for name in match.accepts} for match in asked]
        if (
            not asked
            or not all(families)
            or any(not each <= PLACED_GPUS or each & rented for each in families)
        ):
            return
        names = listed([choice.name for choice in job.gpu_types], 3)
        yield self.finding(
            job.pointer("gpu_types") or job.gpu_types[0].pointer,
            f"{' and '.join(sorted(clouds))} rents no {names}",
            suggestion=f"there are {listed(sorted(rented), 6)}",
        )
