"""GS810 no-such-offer."""

from __future__ import annotations

from collections.abc import Iterator

from gpuspec.catalog.rented_gpus import PLACED_GPUS, RENTED_GPUS, family
from gpuspec.lint import Facts, Finding, Rule
from gpuspec.words import listed

RETIRED = {
    **dict.fromkeys(("nc6s_v3", "nc12s_v3", "nc24s_v3", "nc24rs_v3"), "in 2025"),
    **dict.fromkeys(("nc6", "nc12", "nc24", "nc24r"), "on 2023-08-31"),
    **dict.fromkeys(("nc6s_v2", "nc12s_v2", "nc24s_v2", "nc24rs_v2"), "on 2023-08-31"),
    **dict.fromkeys(("nd6s", "nd12s", "nd24s", "nd24rs"), "on 2023-08-31"),
    **dict.fromkeys(("nv6", "nv12", "nv24"), "on 2023-08-31"),
}
"""Azure's GPU machines that are gone, without "Standard_" → when. NC, NCv2, ND and NV: MicrosoftDocs/azure-docs,
articles/machine-learning/includes/retiring-vms.md (2023-06-12); NCv3: Microsoft's retirement notices (30 September
2025), read 2026-11-30."""


class NoSuchOffer(Rule):
    """The cloud that is named rents no such machine.

    ## What it does
    Reports a GPU that none of the clouds that the job names has ever rented (AWS, GCP and Azure are known, and GPUs
    up to 2024), and instance types that their cloud has retired.

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
        gone = RETIRED.get(kind.lower().removeprefix("standard_")) if kind else None
        if kind and gone:
            yield self.finding(
                job.pointer("deployment.instance_type"),
                f"{kind} was retired {gone}: no machine of it starts any more",
                confidence="high",
                suggestion="take one that is sold: Standard_NC24ads_A100_v4, or Standard_NV36ads_A10_v5",
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
