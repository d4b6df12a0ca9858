"""The labels by which Kubernetes' clouds call nodes with a GPU."""

from __future__ import annotations

from gpuspec.catalog import Gpu, Offer

SPOT = {
    "gcp": ("cloud.google.com/gke-spot", "true"),
    "aws": ("eks.amazonaws.com/capacityType", "SPOT"),
    "azure": ("kubernetes.azure.com/scalesetpriority", "spot"),
}
"""Cloud → the label of its nodes that may be taken back, which is their taint, too, where they have one: GKE's, EKS'
managed node groups', AKS'; their documentation of spot nodes, November 2026."""


def node_labels(gpu: Gpu | None, offer: Offer | None, cloud: str) -> dict[str, str]:
    """The node selector for a GPU: by the managed Kubernetes of the cloud that the plan found, or the job names, else
    by what NVIDIA's GPU operator writes on every node; {} where neither is known."""
    if gpu is None:
        return {}
    if cloud == "gcp":
        name = gpu.alias("gcp")  # cloud.google.com/kubernetes-engine/docs/concepts/gpus, read 2026-11-30
        if name:
            return {"cloud.google.com/gke-accelerator": name}
    if offer is not None and offer.cloud in ("aws", "azure") and offer.instance:
        return {"node.kubernetes.io/instance-type": offer.instance}
    shown = gpu.alias("nvidia-smi")
    return {"nvidia.com/gpu.product": shown.replace(" ", "-")} if shown else {}
