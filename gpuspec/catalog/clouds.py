"""What SkyPilot can do on each cloud, and what each cloud's price rows are known to mean."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple


class Cloud(NamedTuple):
    """One cloud: a row of `CLOUDS`. What is not said of one is as it is on most."""

    name: str
    """Ours, in lower case."""
    skypilot: str
    """As SkyPilot spells it."""
    autodown: bool = True
    """A machine can take itself down after idling."""
    spot: bool = True
    """Interruptible machines can be asked for."""
    buckets: bool = True
    """SkyPilot can mount a bucket there."""
    volumes: bool = False
    """SkyPilot knows volumes there that outlive machines."""
    memory_is_total: bool = False
    """Its price rows give the memory of all GPUs together where one GPU's belongs."""
    ram_is_floor: bool = False
    """Its price rows round RAM and vCPUs down; the machine's own are not known."""
    gpus: Mapping[str, str] = MappingProxyType({})
    """Its own name of a GPU → the canonical one, where its price rows leave open which is meant."""


CLOUDS = {
    cloud.name: cloud
    for cloud in (
        Cloud("aws", "AWS"),
        Cloud("azure", "Azure"),
        Cloud("cudo", "Cudo", spot=False),
        Cloud("do", "DO", spot=False, gpus={"H100": "H100 SXM"}),
        Cloud("fluidstack", "Fluidstack", spot=False, gpus={"H100-NVLINK": "H100 80GB"}),
        Cloud("gcp", "GCP"),
        Cloud("hyperbolic", "Hyperbolic", autodown=False, spot=False, buckets=False),
        Cloud("ibm", "IBM"),
        Cloud("lambda", "Lambda", spot=False),
        Cloud("mithril", "Mithril"),
        Cloud("nebius", "Nebius"),
        Cloud("oci", "OCI"),
        Cloud("paperspace", "Paperspace", spot=False),
        Cloud("primeintellect", "PrimeIntellect", autodown=False, memory_is_total=True),
        Cloud(
            "runpod",
            "RunPod",
            buckets=False,
            volumes=True,
            gpus={
                "A100-80GB": "A100 80GB PCIe",
                "A100-80GB-SXM": "A100 80GB SXM4",
                "H100": "H100 PCIe",
                "RTXPRO6000": "RTX PRO 6000 Blackwell Server",
            },
        ),
        Cloud("scp", "SCP", spot=False),
        Cloud("seeweb", "Seeweb", spot=False, buckets=False),
        Cloud("shadeform", "Shadeform", spot=False, buckets=False),
        Cloud("vast", "Vast", buckets=False, memory_is_total=True, ram_is_floor=True),
        Cloud(
            "verda",
            "Verda",
            autodown=False,
            buckets=False,
            memory_is_total=True,
            gpus={
                "A100-80GB": "A100 80GB SXM4",
                "A100-40GB": "A100 40GB SXM4",
                "H100": "H100 SXM",
                "Tesla-V100": "V100 SXM2 16GB",
            },
        ),
        Cloud("vsphere", "vSphere", spot=False),
        Cloud("yotta", "Yotta", autodown=False, spot=False, buckets=False),
    )
}
"""name → Cloud. Slurm and Kubernetes are machines one has, not clouds one rents from.

Sources: skypilot 0.14.1 sky/clouds/*.py _CLOUD_UNSUPPORTED_FEATURES and sky/catalog/data_fetchers, read 2026-11-20;
buckets (STORAGE_MOUNTING) and volumes (sky/volumes/volume.py), read 2026-11-28. Names of GPUs: DigitalOcean GPU
Droplets (HGX H100); SkyPilot fetch_runpod.py (its names map to RunPod's PCIe and SXM types); Verda's instance types
("80S", SXM)."""


def cloud(name: str) -> Cloud | None:
    """The cloud of a name in any case ("RunPod", "runpod"), None if unknown."""
    return CLOUDS.get(name.lower())
