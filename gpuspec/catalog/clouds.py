"""What SkyPilot can do on each cloud, and what each cloud's price rows are known to mean."""

from typing import NamedTuple


class Cloud(NamedTuple):
    """One cloud. `name` is ours (lower case); `skypilot` is how SkyPilot spells it.

    `autodown`: the machine can go away by itself after idling. `stop`: it can be stopped and kept. `spot`:
    interruptible machines can be asked for. `buckets`: SkyPilot can mount one there. `volumes`: it knows volumes
    there that outlive machines."""

    name: str
    skypilot: str
    autodown: bool
    stop: bool
    spot: bool
    memory_is_total: bool = False
    """Its price rows give the memory of all GPUs together where one GPU's belongs."""
    ram_is_floor: bool = False
    """Its price rows round RAM and vCPUs down; the machine's own are not known."""
    buckets: bool = True
    volumes: bool = False


SOURCE = (
    "skypilot 0.14.1 sky/clouds/*.py _CLOUD_UNSUPPORTED_FEATURES and sky/catalog/data_fetchers, read 2026-11-20; "
    "buckets (STORAGE_MOUNTING) and volumes (sky/volumes/volume.py), read 2026-11-28"
)

CLOUDS = {
    cloud.name: cloud
    for cloud in (
        Cloud("aws", "AWS", True, True, True),
        Cloud("azure", "Azure", True, True, True),
        Cloud("cudo", "Cudo", True, False, False),
        Cloud("do", "DO", True, True, False),
        Cloud("fluidstack", "Fluidstack", True, False, False),
        Cloud("gcp", "GCP", True, True, True),
        Cloud("hyperbolic", "Hyperbolic", False, False, False, buckets=False),
        Cloud("ibm", "IBM", True, True, True),
        Cloud("lambda", "Lambda", True, False, False),
        Cloud("mithril", "Mithril", True, True, True),
        Cloud("nebius", "Nebius", True, True, True),
        Cloud("oci", "OCI", True, True, True),
        Cloud("paperspace", "Paperspace", True, True, False),
        Cloud("primeintellect", "PrimeIntellect", False, False, True, memory_is_total=True),
        Cloud("runpod", "RunPod", True, False, True, buckets=False, volumes=True),
        Cloud("scp", "SCP", True, True, False),
        Cloud("seeweb", "Seeweb", True, True, False, buckets=False),
        Cloud("shadeform", "Shadeform", True, False, False, buckets=False),
        Cloud("vast", "Vast", True, True, True, memory_is_total=True, ram_is_floor=True, buckets=False),
        Cloud("verda", "Verda", False, False, True, memory_is_total=True, buckets=False),
        Cloud("vsphere", "vSphere", True, True, False),
        Cloud("yotta", "Yotta", False, False, False, buckets=False),
    )
}
"""name → Cloud. Slurm and Kubernetes are machines one has, not clouds one rents from."""

GPU_OF = {
    ("do", "H100"): "H100 SXM",
    ("fluidstack", "H100-NVLINK"): "H100 80GB",
    ("runpod", "A100-80GB"): "A100 80GB PCIe",
    ("runpod", "A100-80GB-SXM"): "A100 80GB SXM4",
    ("runpod", "H100"): "H100 PCIe",
    ("runpod", "RTXPRO6000"): "RTX PRO 6000 Blackwell Server",
    ("verda", "A100-80GB"): "A100 80GB SXM4",
    ("verda", "A100-40GB"): "A100 40GB SXM4",
    ("verda", "H100"): "H100 SXM",
    ("verda", "Tesla-V100"): "V100 SXM2 16GB",
}
"""What a cloud's own name means where its rows leave it open. Sources: DigitalOcean GPU Droplets (HGX H100);
SkyPilot fetch_runpod.py (its names map to RunPod's PCIe and SXM types); Verda's instance types ("80S", SXM)."""


def cloud(name: str) -> Cloud | None:
    """The cloud of a name in any case ("RunPod", "runpod"), None if unknown."""
    return CLOUDS.get(name.lower())
