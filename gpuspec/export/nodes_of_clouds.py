"""The labels by which Kubernetes' clouds call nodes with a GPU."""

from __future__ import annotations

from gpuspec.catalog import Gpu, Offer

_GKE = {
    "nvidia-l4": ("L4",),
    "nvidia-tesla-t4": ("T4",),
    "nvidia-tesla-p100": ("P100 16GB",),
    "nvidia-tesla-v100": ("V100 16GB", "V100 SXM2 16GB"),
    "nvidia-tesla-a100": ("A100 40GB", "A100 40GB SXM4"),
    "nvidia-a100-80gb": ("A100 80GB", "A100 80GB SXM4"),
    "nvidia-h100-80gb": ("H100 80GB", "H100 SXM"),
    "nvidia-h200-141gb": ("H200 SXM",),
    "nvidia-b200": ("B200",),
    "nvidia-rtx-pro-6000": ("RTX PRO 6000 Blackwell Server",),
}
"""Value of cloud.google.com/gke-accelerator → GPUs (cloud.google.com/kubernetes-engine/docs/concepts/gpus, and
labels met in 102 manifests, read 2026-11-30)."""

SPOT = {
    "gcp": ("cloud.google.com/gke-spot", "true"),
    "aws": ("eks.amazonaws.com/capacityType", "SPOT"),
    "azure": ("kubernetes.azure.com/scalesetpriority", "spot"),
}
"""Cloud → the label of its nodes that may be taken back, which is their taint, too, where they have one."""


def node_labels(gpu: Gpu | None, offer: Offer | None, cloud: str) -> dict[str, str]:
    """The node selector for a GPU: by the managed Kubernetes of the cloud that the plan found, or the job names, else
    by what NVIDIA's GPU operator writes on every node; {} where neither is known."""
    if gpu is None:
        return {}
    if cloud == "gcp":
        name = next((label for label, gpus in _GKE.items() if gpu.name in gpus), None)
        if name:
            return {"cloud.google.com/gke-accelerator": name}
    if offer is not None and offer.cloud in ("aws", "azure") and offer.instance:
        return {"node.kubernetes.io/instance-type": offer.instance}
    shown = gpu.alias("nvidia-smi")
    return {"nvidia.com/gpu.product": shown.replace(" ", "-")} if shown else {}
